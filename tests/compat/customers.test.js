import assert from "node:assert/strict";
import { test } from "node:test";
import { admin, ask, bootstrap, refused, unique } from "./tollgate.js";

const create = (members = {}) =>
  admin.customers.createCustomer({ externalId: unique("customer"), name: "Ada Lovelace", ...members });

test("A customer is created, read by either id, and has all that was given", async () => {
  const given = {
    externalId: unique("customer"),
    name: "Ada Lovelace",
    email: "ada@example.com",
    addressLine1: "12 St James's Square",
    addressLine2: "2nd floor",
    addressCity: "London",
    addressState: "Greater London",
    addressPostalCode: "SW1Y 4JH",
    addressCountry: "GB",
    metadata: { plan: "analytical" },
  };

  const customer = await admin.customers.createCustomer(given);

  assert.match(customer.id, /^cust_[0-9A-HJKMNP-TV-Z]{26}$/);
  assert.deepEqual(Object.fromEntries(Object.keys(given).map((member) => [member, customer[member]])), given);
  assert.equal(customer.status, "published");
  assert.equal(customer.tenantId, bootstrap.tenant_id);
  assert.equal(customer.environmentId, bootstrap.environment_id);
  assert.deepEqual(await admin.customers.getCustomer(customer.id), customer);
  assert.deepEqual(await admin.customers.getCustomerByExternalId(given.externalId), customer);
});

test("A customer has an address of contact and a time zone besides", async () => {
  const customer = await ask(201, "POST", "/v1/customers", {
    key: bootstrap.api_key,
    body: { external_id: unique("customer"), name: "Ada", contact: "Charles", timezone: "Europe/London" },
  });

  assert.equal(customer.contact, "Charles");
  assert.equal(customer.timezone, "Europe/London");
  assert.equal(customer.email, null);
  assert.deepEqual(customer.metadata, {});
});

test("An external id may have any characters", async () => {
  const externalId = `${unique("customer")}/with a+b%2F&ü?#`;
  const { id } = await create({ externalId });

  assert.equal((await admin.customers.getCustomerByExternalId(externalId)).id, id);
  assert.equal((await admin.customers.updateCustomer({ name: "New" }, undefined, externalId)).id, id);
});

test("A second customer with the same external id is a conflict", async () => {
  const { id, externalId } = await create();

  const { problem } = await refused(409, create({ externalId, name: "Charles Babbage" }));

  assert.equal(problem.code, "already_exists");
  const { name } = await admin.customers.getCustomer(id);
  assert.equal(name, "Ada Lovelace");
});

test("An update changes what it names and nothing else", async () => {
  const { id, externalId, updatedAt: _, ...before } = await create({ email: "ada@example.com", metadata: { a: "1" } });

  const byId = await admin.customers.updateCustomer({ name: "Countess Lovelace" }, id);
  const byExternalId = await admin.customers.updateCustomer({ metadata: { b: "2" } }, undefined, externalId);
  const byPath = await ask(200, "PUT", `/v1/customers/${id}`, {
    key: bootstrap.api_key,
    body: { address_city: "London" },
  });

  assert.equal(byId.name, "Countess Lovelace");
  assert.equal(byId.email, "ada@example.com");
  assert.deepEqual(byExternalId.metadata, { b: "2" });
  assert.equal(byPath.address_city, "London");
  const { updatedAt: __, ...after } = await admin.customers.getCustomer(id);
  assert.deepEqual(after, {
    ...before,
    id,
    externalId,
    name: "Countess Lovelace",
    metadata: { b: "2" },
    addressCity: "London",
  });
});

test("An update names exactly one customer", async () => {
  const { id, externalId } = await create();

  await refused(400, admin.customers.updateCustomer({ name: "New" }));
  await refused(400, admin.customers.updateCustomer({ name: "New" }, id, externalId));

  assert.equal((await admin.customers.getCustomer(id)).name, "Ada Lovelace");
});

test("An external id can't be changed to another customer's", async () => {
  const first = await create();
  const second = await create();

  await refused(409, admin.customers.updateCustomer({ externalId: first.externalId }, second.id));

  assert.equal((await admin.customers.getCustomer(second.id)).externalId, second.externalId);
});

test("A deleted customer is gone from every route", async () => {
  const { id, externalId } = await create();

  await admin.customers.deleteCustomer(id);

  await refused(404, admin.customers.getCustomer(id));
  await refused(404, admin.customers.getCustomerByExternalId(externalId));
  await refused(404, admin.customers.updateCustomer({ name: "New" }, id));
  assert.deepEqual((await admin.customers.queryCustomer({ externalIds: [externalId] })).items, []);
});

test("A customer that does not exist is a 404", async () => {
  const nobody = "cust_00000000000000000000000000";

  const { problem } = await refused(404, admin.customers.getCustomer(nobody));
  await refused(404, admin.customers.getCustomerByExternalId(unique("customer")));
  await refused(404, admin.customers.updateCustomer({ name: "New" }, nobody));
  await refused(404, admin.customers.deleteCustomer(nobody));

  assert.equal(problem.code, "not_found");
});

test("A search selects customers by id, external id and e-mail address", async () => {
  const email = `${unique("ada")}@example.com`;
  const first = await create({ email, name: "Zoe" });
  const second = await create({ email, name: "Ann" });
  const third = await create();
  const ids = async (filter) => (await admin.customers.queryCustomer(filter)).items.map((customer) => customer.id);

  assert.deepEqual(await ids({ email }), [second.id, first.id]);
  assert.deepEqual(await ids({ email, order: "asc" }), [first.id, second.id]);
  assert.deepEqual(await ids({ email, sort: [{ field: "name", direction: "asc" }] }), [second.id, first.id]);
  assert.deepEqual(await ids({ externalId: third.externalId }), [third.id]);
  assert.deepEqual(await ids({ externalIds: [third.externalId, first.externalId] }), [third.id, first.id]);
  assert.deepEqual(await ids({ customerIds: [second.id] }), [second.id]);
  assert.deepEqual(await ids({ email, status: "deleted" }), []);
});

test("A search is read page by page", async () => {
  const email = `${unique("ada")}@example.com`;
  const all = [await create({ email }), await create({ email }), await create({ email })];

  const first = await admin.customers.queryCustomer({ email, limit: 2 });
  const second = await admin.customers.queryCustomer({ email, limit: 2, offset: first.pagination.offset });

  assert.deepEqual(first.pagination, { total: 3, limit: 2, offset: 2 });
  assert.deepEqual(
    [...first.items, ...second.items].map((customer) => customer.id),
    all.map((customer) => customer.id).reverse(),
  );
});

test("Customers are listed with a query in the URL", async () => {
  const { id, externalId } = await create();

  const { items, pagination } = await ask(
    200,
    "GET",
    `/v1/customers?external_id=${externalId}&limit=5`,
    { key: bootstrap.api_key },
  );

  assert.deepEqual(items.map((customer) => customer.id), [id]);
  assert.equal(pagination.total, 1);
  assert.equal(pagination.limit, 5);
  assert.deepEqual([items[0].parent_customer, items[0].parent_customer_id], [null, null]);
});

test("What is wrong with a customer is named", async () => {
  const fieldsOf = async (members) => {
    const { problem } = await refused(400, create(members));
    return Object.keys(problem.details.errors);
  };

  assert.deepEqual(await fieldsOf({ externalId: "" }), ["external_id"]);
  assert.deepEqual(await fieldsOf({ name: undefined }), ["name"]);
  assert.deepEqual(await fieldsOf({ email: "not an address" }), ["email"]);
  assert.deepEqual(await fieldsOf({ addressCountry: "Germany" }), ["address_country"]);
  assert.deepEqual(await fieldsOf({ addressCity: "x".repeat(101) }), ["address_city"]);
});

test("What would be lost silently is refused, and what has no effect is accepted", async () => {
  const { problem } = await refused(400, create({ parentCustomerId: "cust_00000000000000000000000000" }));
  const { status } = await create({ skipOnboardingWorkflow: true });

  assert.deepEqual(Object.keys(problem.details.errors), ["parent_customer_id"]);
  assert.equal(status, "published");
});

test("A search has conditions on members and on metadata", async () => {
  const mark = unique("mark");
  const pro = await create({ name: `Ada ${mark}`, metadata: { plan: "pro" } });
  await create({ name: `Ada ${mark}`, metadata: { plan: "free" } });

  const { items } = await admin.customers.queryCustomer({
    filters: [
      { field: "name", operator: "contains", dataType: "string", value: { string: mark.toUpperCase() } },
      { field: "metadata.plan", operator: "in", dataType: "array", value: { array: ["pro", "team"] } },
    ],
    sort: [{ field: "name", direction: "asc" }],
  });

  assert.deepEqual(items.map((item) => item.id), [pro.id]);
});
