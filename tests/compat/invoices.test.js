import assert from "node:assert/strict";
import { test } from "node:test";
import { admin, ask, bootstrap, refused, serviceAccount, unique } from "./tollgate.js";

const march = { periodStart: "2026-03-01T00:00:00Z", periodEnd: "2026-04-01T00:00:00Z" };

/** A meter of events that no other test sends, and a customer with two of them in March. */
async function used() {
  const eventName = unique("call");
  const meter = await ask(201, "POST", "/v1/meters", {
    key: bootstrap.api_key,
    body: { name: eventName, event_name: eventName, aggregation: { type: "SUM", field: "n" } },
  });
  const customer = await admin.customers.createCustomer({ externalId: unique("customer"), name: "Ada" });
  for (const n of ["1.5", "1"]) {
    await admin.events.ingestEvent({
      eventName,
      externalCustomerId: customer.externalId,
      timestamp: "2026-03-07T12:00:00Z",
      properties: { n },
    });
  }

  return { meter, customer, eventName };
}

/** What the SDK asks for of every price; there is one plan, the environment. */
const price = (meter, members) => ({
  type: "USAGE",
  entityType: "PLAN",
  entityId: bootstrap.environment_id,
  billingCadence: "RECURRING",
  billingPeriod: "MONTHLY",
  invoiceCadence: "ARREAR",
  priceUnitType: "FIAT",
  billingModel: "FLAT_FEE",
  currency: "eur",
  meterId: meter.id,
  ...members,
});

const invoice = (customer, total, members) => ({
  customerId: customer.id,
  currency: "eur",
  subtotal: total,
  total,
  amountDue: total,
  ...march,
  ...members,
});

test("Usage by meter is exact, as a whole and by window", async () => {
  const { meter, customer, eventName } = await used();

  const usage = await admin.events.getUsageByMeter({
    meterId: meter.id,
    externalCustomerId: customer.externalId,
    startTime: march.periodStart,
    endTime: march.periodEnd,
    windowSize: "DAY",
  });

  assert.equal(usage.eventName, eventName);
  assert.equal(usage.type, "SUM");
  assert.equal(usage.value, 2.5);
  assert.deepEqual(usage.results.map((window) => window.value), [2.5]);
});

test("A price is created, read, found, changed and deleted", async () => {
  const { meter } = await used();

  const created = await admin.prices.createPrice(
    price(meter, { billingModel: "TIERED", tierMode: "SLAB", tiers: [{ upTo: 2, unitAmount: "0.5" }, { unitAmount: "0.25" }] }),
  );

  assert.match(created.id, /^price_[0-9A-HJKMNP-TV-Z]{26}$/);
  assert.equal(created.currency, "eur");
  assert.equal(created.tierMode, "SLAB");
  assert.deepEqual(created.tiers.map((tier) => tier.unitAmount), ["0.5", "0.25"]);
  assert.equal((await admin.prices.getPrice(created.id)).id, created.id);
  const { items } = await admin.prices.queryPrice({ meterIds: [meter.id] });
  assert.deepEqual(items.map((item) => item.id), [created.id]);
  const changed = await admin.prices.updatePrice(created.id, { billingModel: "FLAT_FEE", amount: "2" });
  assert.equal(changed.amount, "2");
  await admin.prices.deletePrice(created.id, {});
  await refused(404, admin.prices.getPrice(created.id));
});

test("An invoice is created once, read, found and voided", async () => {
  const { meter, customer } = await used();
  const { id: priceId } = await admin.prices.createPrice(price(meter, { amount: "0.333", currency: "sek" }));
  const inKronor = invoice(customer, "0.83", { currency: "sek" });

  await refused(400, admin.invoices.createInvoice(invoice(customer, "9.99", { currency: "sek" })));
  const created = await admin.invoices.createInvoice(inKronor);

  assert.match(created.invoiceNumber, /^INV-\d{6}$/);
  assert.equal(created.invoiceStatus, "FINALIZED");
  assert.equal(created.customerId, customer.id);
  assert.equal(created.total, "0.83");
  assert.deepEqual(
    created.lineItems.map(({ meterId, priceId: id, quantity, amount }) => ({ meterId, id, quantity, amount })),
    [{ meterId: meter.id, id: priceId, quantity: "2.5", amount: "0.83" }],
  );
  const again = await ask(200, "POST", "/v1/invoices", {
    key: bootstrap.api_key,
    body: { customer_id: customer.id, currency: "sek", period_start: march.periodStart, period_end: march.periodEnd },
  });
  assert.equal(again.id, created.id);
  assert.equal((await admin.invoices.getInvoice(created.id)).total, "0.83");
  const { items } = await admin.invoices.queryInvoice({ customerId: customer.id });
  assert.deepEqual(items.map((item) => item.id), [created.id]);
  await admin.invoices.voidInvoice(created.id);
  assert.equal((await admin.invoices.getInvoice(created.id)).invoiceStatus, "VOIDED");
  await admin.prices.deletePrice(priceId, {});
});

test("A preview by subscription is refused with what to ask for instead", async () => {
  const { problem } = await refused(400, admin.invoices.getInvoicePreview({ subscriptionId: "subs_1" }));

  assert.match(JSON.stringify(problem.details.errors.subscription_id), /customer_id/);
});

test("Who sends or reads events has nothing to do with invoices", async () => {
  const { meter, customer } = await used();
  for (const role of ["event_ingestor", "event_reader"]) {
    const { sdk } = await serviceAccount(role);
    for (const [permission, call] of [
      ["invoice:write", () => sdk.prices.createPrice(price(meter, { amount: "1" }))],
      ["invoice:read", () => sdk.prices.queryPrice({})],
      ["invoice:write", () => sdk.invoices.createInvoice(invoice(customer, ""))],
      ["invoice:read", () => sdk.invoices.queryInvoice({})],
      ["invoice:read", () => sdk.invoices.getInvoice("inv_1")],
      ["invoice:write", () => sdk.invoices.voidInvoice("inv_1")],
    ]) {
      const { problem } = await refused(403, call());
      assert.equal(problem.code, "permission_denied");
      assert.equal(problem.details.required_permission, permission);
    }
  }
});
