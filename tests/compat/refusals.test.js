import assert from "node:assert/strict";
import { before, test } from "node:test";
import { admin, bootstrap, connect, problemOf, refused, send, serviceAccount, unique } from "./tollgate.js";

let ingestor;
let reader;
let customer;
let eventId;

before(async () => {
  ingestor = await serviceAccount("event_ingestor");
  reader = await serviceAccount("event_reader");
  customer = await admin.customers.createCustomer({ externalId: unique("customer"), name: "Ada Lovelace" });
  ({ event_id: eventId } = await ingestor.sdk.events.ingestEvent({ eventName: "sent", externalCustomerId: "c" }));
});

const usage = { eventName: "sent", aggregationType: "COUNT" };
const event = { eventName: "refused", externalCustomerId: "c" };
const newCustomer = () => ({ externalId: unique("customer"), name: "Charles Babbage" });

const forbidden = [
  ["ingestor", "query events", "event:read", (sdk) => sdk.events.listRawEvents({})],
  ["ingestor", "read an event", "event:read", (sdk) => sdk.events.getEvent(eventId)],
  ["ingestor", "read usage", "event:read", (sdk) => sdk.events.getUsageStatistics(usage)],
  ["ingestor", "search customers", "customer:read", (sdk) => sdk.customers.queryCustomer({})],
  ["ingestor", "read a customer", "customer:read", (sdk) => sdk.customers.getCustomer(customer.id)],
  ["ingestor", "read a customer by external id", "customer:read",
    (sdk) => sdk.customers.getCustomerByExternalId(customer.externalId)],
  ["ingestor", "create a customer", "customer:write", (sdk) => sdk.customers.createCustomer(newCustomer())],
  ["ingestor", "create an account", "user:write",
    (sdk) => sdk.users.createUser({ type: "service_account", roles: ["event_reader"] })],
  ["ingestor", "search accounts", "user:read", (sdk) => sdk.users.queryUser({})],
  ["ingestor", "create a key", "secret:write", (sdk) => sdk.secrets.createApiKey({ name: "k", type: "private_key" })],
  ["ingestor", "list keys", "secret:read", (sdk) => sdk.secrets.listApiKeys()],
  ["ingestor", "create an environment", "environment:write",
    (sdk) => sdk.environments.createEnvironment({ name: unique("environment"), type: "development" })],
  ["ingestor", "read the tenant", "tenant:read", (sdk) => sdk.tenants.getTenantById(bootstrap.tenant_id)],
  ["ingestor", "change the tenant", "tenant:write", (sdk) => sdk.tenants.updateTenant({ name: "Taken over" })],
  ["reader", "send an event", "event:write", (sdk) => sdk.events.ingestEvent(event)],
  ["reader", "send a batch", "event:write", (sdk) => sdk.events.ingestEventsBulk({ events: [event] })],
  ["reader", "read a customer", "customer:read", (sdk) => sdk.customers.getCustomer(customer.id)],
  ["reader", "change a customer", "customer:write", (sdk) => sdk.customers.updateCustomer({ name: "X" }, customer.id)],
  ["reader", "delete a customer", "customer:write", (sdk) => sdk.customers.deleteCustomer(customer.id)],
  ["reader", "list keys", "secret:read", (sdk) => sdk.secrets.listApiKeys()],
];

for (const [who, what, permission, call] of forbidden) {
  test(`An event ${who} can't ${what}, and the refusal explains itself`, async () => {
    const { sdk, account } = who === "ingestor" ? ingestor : reader;

    const { problem, headers } = await refused(403, call(sdk));

    const [entity, action] = permission.split(":");
    assert.equal(problem.message, `Insufficient permissions to ${action} ${entity}`);
    assert.equal(problem.error, "Forbidden");
    assert.equal(problem.code, "permission_denied");
    assert.equal(problem.details.required_permission, permission);
    assert.deepEqual(problem.details.held_roles, account.roles);
    assert.ok(problem.details.roles_that_grant.includes("super_admin"), JSON.stringify(problem.details));
    assert.equal(headers.get("x-accepted-permissions"), permission);
  });
}

test("A refusal names the roles that would grant what is missing", async () => {
  const { problem } = await refused(403, ingestor.sdk.events.listRawEvents({}));

  const names = problem.details.roles_that_grant;
  for (const role of ["event_reader", "all_reader", "all_writer", "super_admin"]) {
    assert.ok(names.includes(role), `${role} in ${names}`);
  }

  assert.ok(!names.includes("event_ingestor"));
});

test("What was refused left nothing behind", async () => {
  const name = unique("refused");
  await refused(403, reader.sdk.events.ingestEvent({ eventName: name, externalCustomerId: "c" }));
  await refused(403, reader.sdk.customers.updateCustomer({ name: "X" }, customer.id));

  assert.equal((await reader.sdk.events.listRawEvents({ eventName: name })).totalCount, 0);
  assert.deepEqual(await admin.customers.getCustomer(customer.id), customer);
});

test("Whether an object exists does not show in a refusal", async () => {
  const real = await refused(403, ingestor.sdk.events.getEvent(eventId));
  const unreal = await refused(403, ingestor.sdk.events.getEvent(unique("id")));

  assert.equal(real.problem.message, unreal.problem.message);
});

test("Every bad credential gets the same 401", async () => {
  const revoked = await serviceAccount("event_reader");
  await admin.secrets.deleteApiKey(revoked.secret.id);
  const last = ingestor.apiKey.at(-1);
  const keys = {
    "made up": "tgsk_" + "0".repeat(49),
    malformed: "not a key",
    "with one character changed": ingestor.apiKey.slice(0, -1) + (last === "a" ? "b" : "a"),
    "cut short": ingestor.apiKey.slice(0, -1),
    revoked: revoked.apiKey,
  };

  const bodies = [];
  for (const [name, key] of Object.entries(keys)) {
    const { problem, headers } = await refused(401, connect(key).events.listRawEvents({}));
    assert.equal(problem.error, "Unauthorized", name);
    assert.match(headers.get("www-authenticate"), /^Bearer\b/, name);
    bodies.push({ ...problem, request_id: "" });
  }

  const none = await send("POST", "/v1/events/query", { body: {} });
  bodies.push({ ...problemOf(none), request_id: "" });
  for (const body of bodies) {
    assert.deepEqual(body, bodies[0]);
  }
});

test("A key in the URL is no credential", async () => {
  const answer = await send("GET", `/v1/users/me?api_key=${reader.apiKey}&x-api-key=${reader.apiKey}`);

  assert.equal(answer.status, 401, answer.text);
  assert.ok(!answer.text.includes(reader.apiKey));
});

test("A key can't be used in another environment", async () => {
  const other = await admin.environments.createEnvironment({ name: unique("environment"), type: "development" });

  const { problem } = await refused(
    403,
    reader.sdk.events.listRawEvents({}, { headers: { "X-Environment-ID": other.id } }),
  );
  await reader.sdk.events.listRawEvents({}, { headers: { "X-Environment-ID": bootstrap.environment_id } });

  assert.equal(problem.code, "environment_mismatch");
});

test("A request id of the client's own is echoed in the error", async () => {
  const id = unique("trace");

  const { problem, headers } = await refused(
    404,
    admin.customers.getCustomer("cust_00000000000000000000000000", { headers: { "X-Request-ID": id } }),
  );

  assert.equal(problem.request_id, id);
  assert.equal(headers.get("x-request-id"), id);
});

test("An unknown route is an error of the same shape", async () => {
  const answer = await send("GET", `/v1/${unique("nowhere")}`, { key: bootstrap.api_key });

  assert.equal(answer.status, 404, answer.text);
  assert.equal(problemOf(answer).code, "not_found");
});
