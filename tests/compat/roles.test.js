import assert from "node:assert/strict";
import { test } from "node:test";
import { admin, ask, bootstrap, refused, serviceAccount, unique } from "./tollgate.js";

const builtIn = {
  super_admin: { permissions: { "*": ["*"] }, for: ["user", "service_account"] },
  all_writer: { permissions: { "*": ["read", "write"] }, for: ["user"] },
  all_reader: { permissions: { "*": ["read"] }, for: ["user"] },
  event_ingestor: { permissions: { event: ["write"] }, for: ["service_account"] },
  event_reader: { permissions: { event: ["read"] }, for: ["service_account"] },
};

test("The five built-in roles are listed", async () => {
  const { roles } = await admin.rbac.listRbacRoles();

  for (const id of Object.keys(builtIn)) {
    assert.ok(roles.some((role) => role.id === id), id);
  }
});

for (const [id, expected] of Object.entries(builtIn)) {
  test(`The role ${id} says what it allows and for whom it is`, async () => {
    const { role } = await admin.rbac.getRbacRole(id);

    assert.equal(role.id, id);
    assert.equal(typeof role.name, "string");
    assert.equal(typeof role.description, "string");
    assert.deepEqual(sorted(role.permissions), sorted(expected.permissions));
    assert.deepEqual([...role.assignable_to].sort(), [...expected.for].sort());
  });
}

test("Roles can be listed for one type of account", async () => {
  const list = async (type) => {
    const { roles } = await ask(200, "GET", `/v1/rbac/roles?user_type=${type}`, { key: bootstrap.api_key });
    return roles.map((role) => role.id).filter((id) => id in builtIn).sort();
  };

  assert.deepEqual(await list("service_account"), ["event_ingestor", "event_reader", "super_admin"]);
  assert.deepEqual(await list("user"), ["all_reader", "all_writer", "super_admin"]);
});

test("A service account may look up roles, whatever it may do", async () => {
  const { sdk } = await serviceAccount("event_ingestor");

  const { roles } = await sdk.rbac.listRbacRoles();
  const { role } = await sdk.rbac.getRbacRole("event_ingestor");

  assert.ok(roles.length >= 5);
  assert.equal(role.id, "event_ingestor");
});

test("A role that does not exist is a 404", async () => {
  const { problem } = await refused(404, admin.rbac.getRbacRole(unique("wizard")));

  assert.equal(problem.code, "not_found");
});

function sorted(permissions) {
  return Object.fromEntries(Object.entries(permissions).map(([entity, actions]) => [entity, [...actions].sort()]));
}
