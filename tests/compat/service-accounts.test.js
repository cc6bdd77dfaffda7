import assert from "node:assert/strict";
import { test } from "node:test";
import { admin, ask, bootstrap, connect, refused, send, serviceAccount, unique } from "./tollgate.js";

const secretMembers = [
  "id", "name", "type", "provider", "display_id", "roles", "permissions", "user_type", "user_id", "service_account_name",
  "environment_id", "expires_at", "last_used_at", "last_used_ip", "status", "state", "rotated_from", "rotated_to", "imported",
  "leaked_at", "attention", "created_at", "updated_at",
  "created_by", "constraints",
];

for (const role of ["event_ingestor", "event_reader"]) {
  test(`An administrator creates a service account with ${role}`, async () => {
    const account = await admin.users.createUser({ type: "service_account", roles: [role] });

    assert.match(account.id, /^user_[0-9A-HJKMNP-TV-Z]{26}$/);
    assert.equal(account.type, "service_account");
    assert.deepEqual(account.roles, [role]);
    assert.equal(account.email, undefined);
    assert.equal(account.tenant.id, bootstrap.tenant_id);
  });
}

test("A service account without roles is refused with the documented text", async () => {
  const { problem } = await refused(400, admin.users.createUser({ type: "service_account", roles: [] }));

  assert.equal(problem.error, "Service accounts must have at least one role assigned");
  assert.equal(problem.code, "validation_error");
});

test("An unknown role is refused with the documented text", async () => {
  const role = unique("wizard");

  const { problem } = await refused(400, admin.users.createUser({ type: "service_account", roles: [role] }));

  assert.equal(problem.error, `Invalid role: ${role}`);
  assert.equal(problem.code, "validation_error");
});

test("A role for people only can't be given to a service account", async () => {
  const { problem } = await refused(400, admin.users.createUser({ type: "service_account", roles: ["all_reader"] }));

  assert.equal(problem.code, "validation_error");
});

test("A key for a service account has the account's roles", async () => {
  const account = await admin.users.createUser({ type: "service_account", roles: ["event_ingestor"] });
  const name = unique("key");

  const { apiKey, secret } = await admin.secrets.createApiKey({
    name,
    type: "private_key",
    serviceAccountId: account.id,
  });

  assert.match(apiKey, /^tgsk_[0-9A-Za-z]{49}$/);
  assert.match(secret.id, /^secret_[0-9A-HJKMNP-TV-Z]{26}$/);
  assert.equal(secret.name, name);
  assert.equal(secret.type, "private_key");
  assert.equal(secret.provider, "flexprice");
  assert.equal(secret.userType, "service_account");
  assert.equal(secret.status, "published");
  assert.deepEqual(secret.roles, ["event_ingestor"]);
  assert.equal(secret.expiresAt, undefined);
  assert.ok(!Number.isNaN(Date.parse(secret.createdAt)));
  assert.ok(secret.displayId.endsWith(apiKey.slice(-4)), secret.displayId);
  assert.ok(secret.displayId.length < 20, secret.displayId);
});

test("The answer that creates a key has the documented flat form and the SDK's nested form", async () => {
  const account = await admin.users.createUser({ type: "service_account", roles: ["event_reader"] });

  const created = await ask(201, "POST", "/v1/secrets/api/keys", {
    key: bootstrap.api_key,
    body: { name: unique("key"), type: "private_key", service_account_id: account.id },
  });

  const { api_key: apiKey, secret, ...flat } = created;
  assert.match(apiKey, /^tgsk_/);
  assert.deepEqual(Object.keys(secret).sort(), [...secretMembers].sort());
  assert.deepEqual(flat, secret);
  assert.deepEqual(secret.permissions, ["event:read"]);
  assert.equal(secret.user_id, account.id);
  assert.equal(secret.environment_id, bootstrap.environment_id);
});

test("A key's end is kept, and one in the past is refused", async () => {
  const account = await admin.users.createUser({ type: "service_account", roles: ["event_reader"] });
  const create = (expiresAt) =>
    admin.secrets.createApiKey({ name: unique("key"), type: "private_key", serviceAccountId: account.id, expiresAt });

  const { secret } = await create("2099-12-31T23:59:59Z");
  const { problem } = await refused(400, create("2020-01-01T00:00:00Z"));

  assert.equal(Date.parse(secret.expiresAt), Date.UTC(2099, 11, 31, 23, 59, 59));
  assert.ok("expires_at" in problem.details.errors, JSON.stringify(problem.details));
});

test("Only private keys can be created", async () => {
  const account = await admin.users.createUser({ type: "service_account", roles: ["event_reader"] });

  await refused(
    400,
    admin.secrets.createApiKey({ name: unique("key"), type: "publishable_key", serviceAccountId: account.id }),
  );
});

test("A key for an account that does not exist is a 404", async () => {
  const { problem } = await refused(
    404,
    admin.secrets.createApiKey({
      name: unique("key"),
      type: "private_key",
      serviceAccountId: "user_00000000000000000000000000",
    }),
  );

  assert.equal(problem.code, "not_found");
});

test("Keys are listed and read without the key", async () => {
  const { apiKey, secret } = await serviceAccount("event_ingestor");

  const list = await admin.secrets.listApiKeys(1000);
  const raw = await send("GET", "/v1/secrets/api/keys?limit=1000", { key: bootstrap.api_key });
  const one = await send("GET", `/v1/secrets/api/keys/${secret.id}`, { key: bootstrap.api_key });

  assert.deepEqual(list.items.find((item) => item.id === secret.id), secret);
  assert.equal(list.pagination.limit, 1000);
  assert.ok(list.pagination.total >= 2);
  assert.equal(raw.status, 200, raw.text);
  assert.equal(one.status, 200, one.text);
  assert.equal(one.json().id, secret.id);
  assert.ok(!raw.text.includes(apiKey) && !one.text.includes(apiKey), "a key is shown once, when it is created");
});

test("A list of keys is read page by page", async () => {
  await serviceAccount("event_ingestor");

  const first = await admin.secrets.listApiKeys(1, 0);
  const second = await admin.secrets.listApiKeys(1, first.pagination.offset);

  assert.equal(first.items.length, 1);
  assert.equal(first.pagination.limit, 1);
  assert.equal(first.pagination.offset, 1);
  assert.equal(second.items.length, 1);
});

test("A limit out of range is refused", async () => {
  await refused(400, admin.secrets.listApiKeys(0));
  await refused(400, admin.secrets.listApiKeys(1001));
  await refused(400, admin.secrets.listApiKeys(10, -1));
});

test("A revoked key is refused from the next request on", async () => {
  const { secret, sdk } = await serviceAccount("event_reader");
  await sdk.users.getUserInfo();

  await admin.secrets.deleteApiKey(secret.id);
  const { problem, headers } = await refused(401, sdk.users.getUserInfo());
  await refused(401, sdk.events.listRawEvents({}));

  assert.equal(problem.error, "Unauthorized");
  assert.equal(problem.code, "unauthenticated");
  assert.match(headers.get("www-authenticate"), /^Bearer\b/);
  const inForce = await admin.secrets.listApiKeys(1000, 0, "published");
  assert.ok(!inForce.items.some((item) => item.id === secret.id));
});

test("Revoking a key leaves the account's other keys alone", async () => {
  const { account, secret, sdk } = await serviceAccount("event_reader");
  const other = await admin.secrets.createApiKey({
    name: unique("key"),
    type: "private_key",
    serviceAccountId: account.id,
  });

  await admin.secrets.deleteApiKey(secret.id);

  await refused(401, sdk.users.getUserInfo());
  assert.equal((await connect(other.apiKey).users.getUserInfo()).id, account.id);
});

test("Revoking a key that does not exist is a 404", async () => {
  const { problem } = await refused(404, admin.secrets.deleteApiKey("secret_00000000000000000000000000"));

  assert.equal(problem.code, "not_found");
});

test("A key can ask who it acts for and what it may do", async () => {
  const { account, apiKey, secret, sdk } = await serviceAccount("event_ingestor");

  const me = await sdk.users.getUserInfo();
  const { principal } = await ask(200, "GET", "/v1/users/me", { key: apiKey });

  assert.equal(me.id, account.id);
  assert.equal(me.type, "service_account");
  assert.deepEqual(me.roles, ["event_ingestor"]);
  assert.equal(principal.kind, "api_key");
  assert.deepEqual(principal.permissions, ["event:write"]);
  assert.equal(principal.environment_id, bootstrap.environment_id);
  assert.equal(principal.api_key.id, secret.id);
});

test("A key is also taken as a bearer token, and two credentials are too many", async () => {
  const { account, apiKey } = await serviceAccount("event_reader");
  const bearer = { authorization: `Bearer ${apiKey}` };

  const me = await ask(200, "GET", "/v1/users/me", { headers: bearer });
  const both = await send("GET", "/v1/users/me", { key: bootstrap.api_key, headers: bearer });

  assert.equal(me.id, account.id);
  assert.equal(both.status, 401, both.text);
});

test("The administrator's own key acts for a person", async () => {
  const me = await admin.users.getUserInfo();

  assert.equal(me.type, "user");
  assert.equal(me.email, bootstrap.email);
  assert.deepEqual(me.roles, ["super_admin"]);
  assert.equal(me.tenant.id, bootstrap.tenant_id);
});

test("An empty search lists service accounts, newest first", async () => {
  const first = await admin.users.createUser({ type: "service_account", roles: ["event_reader"] });
  const second = await admin.users.createUser({ type: "service_account", roles: ["event_reader"] });

  const { items, pagination } = await admin.users.queryUser({});
  const ids = (await admin.users.queryUser({ limit: 1000 })).items.map((item) => item.id);

  assert.ok(items.every((item) => item.type === "service_account"));
  assert.equal(pagination.limit, 50);
  assert.ok(ids.indexOf(second.id) >= 0 && ids.indexOf(second.id) < ids.indexOf(first.id));
});

test("A search selects accounts by id, role, state and type", async () => {
  const reader = await admin.users.createUser({ type: "service_account", roles: ["event_reader"] });
  const both = await admin.users.createUser({ type: "service_account", roles: ["event_reader", "event_ingestor"] });
  const ids = async (filter) => {
    const { items } = await admin.users.queryUser({ userIds: [reader.id, both.id], ...filter });
    return items.map((item) => item.id).sort();
  };

  assert.deepEqual(await ids({}), [reader.id, both.id].sort());
  assert.deepEqual(await ids({ userIds: [both.id] }), [both.id]);
  assert.deepEqual(await ids({ roles: ["event_ingestor"] }), [both.id]);
  assert.deepEqual(await ids({ status: "published" }), [reader.id, both.id].sort());
  assert.deepEqual(await ids({ status: "deleted" }), []);
  assert.deepEqual(await ids({ type: "user" }), []);
  assert.deepEqual(await ids({ sort: [{ field: "created_at", direction: "asc" }], limit: 1 }), [reader.id]);
});

test("A search finds people when it asks for them", async () => {
  const { items } = await admin.users.queryUser({ type: "user", limit: 1000 });

  assert.ok(items.every((item) => item.type === "user"));
  assert.ok(items.some((item) => item.email === bootstrap.email));
});
