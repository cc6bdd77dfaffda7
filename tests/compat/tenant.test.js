import assert from "node:assert/strict";
import { test } from "node:test";
import { admin, ask, bootstrap, refused, unique } from "./tollgate.js";

test("An environment is created, renamed and listed with the first two", async () => {
  const name = unique("environment");

  const created = await admin.environments.createEnvironment({ name, type: "development" });
  const renamed = await admin.environments.updateEnvironment(created.id, { name: `${name}-2` });
  const list = await ask(200, "GET", "/v1/environments?limit=1000", { key: bootstrap.api_key });

  assert.match(created.id, /^env_[0-9A-HJKMNP-TV-Z]{26}$/);
  assert.equal(created.name, name);
  assert.equal(created.type, "development");
  assert.equal(renamed.id, created.id);
  assert.equal(renamed.name, `${name}-2`);
  assert.equal(renamed.type, "development");
  assert.deepEqual(
    list.environments.slice(0, 2).map((environment) => [environment.name, environment.type]),
    [["Sandbox", "development"], ["Production", "production"]],
  );
  assert.ok(list.environments.some((environment) => environment.id === created.id));
  assert.ok(list.environments.some((environment) => environment.id === bootstrap.environment_id));
  assert.ok(list.total >= 3);
});

test("An environment is read by its id", async () => {
  const environment = await ask(200, "GET", `/v1/environments/${bootstrap.environment_id}`, { key: bootstrap.api_key });

  assert.equal(environment.id, bootstrap.environment_id);
});

test("An environment needs its own name and a known type", async () => {
  const { problem } = await refused(409, admin.environments.createEnvironment({ name: "Sandbox", type: "development" }));
  await refused(400, admin.environments.createEnvironment({ name: unique("environment"), type: "staging" }));
  await refused(404, admin.environments.updateEnvironment("env_00000000000000000000000000", { name: unique("name") }));

  assert.equal(problem.code, "already_exists");
});

test("The tenant is read and changed, and what an update leaves out stays", async () => {
  const before = await admin.tenants.getTenantById(bootstrap.tenant_id);

  const changed = await admin.tenants.updateTenant({
    metadata: { compat: unique("value") },
    billingDetails: { email: "billing@example.com", address: { addressCity: "London", addressCountry: "GB" } },
  });
  const after = await admin.tenants.getTenantById(bootstrap.tenant_id);

  assert.equal(before.id, bootstrap.tenant_id);
  assert.equal(before.status, "published");
  assert.equal(after.name, before.name);
  assert.deepEqual(after, changed);
  assert.equal(after.billingDetails.email, "billing@example.com");
  assert.equal(after.billingDetails.address.addressCity, "London");
  assert.match(after.metadata.compat, /^value-/);
});

test("Another tenant is a 404", async () => {
  const { problem } = await refused(404, admin.tenants.getTenantById("tenant_00000000000000000000000000"));

  assert.equal(problem.code, "not_found");
});
