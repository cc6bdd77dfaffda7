import assert from "node:assert/strict";
import { before, test } from "node:test";
import { admin, ask, bootstrap, problemOf, refused, send, serviceAccount, unique } from "./tollgate.js";

const day = 24 * 60 * 60 * 1000;
const today = Math.floor(Date.now() / day) * day;
const yesterday = (time) => new Date(today - day).toISOString().replace("00:00:00.000Z", `${time}Z`);

let ingestor;
let reader;

before(async () => {
  ingestor = await serviceAccount("event_ingestor");
  reader = await serviceAccount("event_reader");
});

/** A new kind of event, which belongs to one test alone. */
function kind() {
  const eventName = unique("event");
  const externalCustomerId = unique("customer");
  return {
    eventName,
    externalCustomerId,
    event: (members = {}) => ({ eventName, externalCustomerId, ...members }),
    send: (members) => ingestor.sdk.events.ingestEvent({ eventName, externalCustomerId, ...members }),
    sendAll: (events) =>
      ingestor.sdk.events.ingestEventsBulk({
        events: events.map((members) => ({ eventName, externalCustomerId, ...members })),
      }),
    query: (members) => reader.sdk.events.listRawEvents({ eventName, ...members }),
    usage: (members) => reader.sdk.events.getUsageStatistics({ eventName, ...members }),
  };
}

test("An event is accepted, and a repetition of it is a duplicate", async () => {
  const some = kind();
  const event = { eventId: unique("id"), timestamp: yesterday("08:00:00"), properties: { tokens: "12" } };

  const first = await some.send(event);
  const second = await some.send(event);
  const { events } = await some.query();

  const message = "Event accepted for processing";
  assert.deepEqual(first, { message, event_id: event.eventId, status: "accepted", dry_run: "false" });
  assert.deepEqual(second, { message, event_id: event.eventId, status: "duplicate", dry_run: "false" });
  assert.equal(events.length, 1);
});

test("The same id with other content is a conflict, and the first event stays", async () => {
  const some = kind();
  const eventId = unique("id");
  const timestamp = yesterday("08:00:00");
  await some.send({ eventId, timestamp, properties: { tokens: "12" } });

  const { problem } = await refused(409, some.send({ eventId, timestamp, properties: { tokens: "13" } }));
  const { events } = await some.query();

  assert.equal(problem.code, "conflict");
  assert.deepEqual(events.map((event) => event.properties), [{ tokens: "12" }]);
});

test("An event without an id gets one", async () => {
  const some = kind();

  const { event_id: id } = await some.send();
  const { event } = await reader.sdk.events.getEvent(id);

  assert.match(id, /^event_[0-9A-HJKMNP-TV-Z]{26}$/);
  assert.equal(event.eventName, some.eventName);
});

test("An accepted event is read back whole, with who sent it", async () => {
  const some = kind();
  const eventId = unique("id");
  const timestamp = yesterday("08:30:00");
  await some.send({
    eventId,
    timestamp,
    customerId: "cust_of_theirs",
    source: "compat",
    properties: { model: "large", tokens: "12", note: "ünïcode \"quoted\"" },
  });

  const { events, hasMore, totalCount } = await some.query();
  const raw = await ask(200, "GET", `/v1/events/${eventId}`, { key: reader.apiKey });

  const { timestamp: read, ...event } = events[0];
  assert.deepEqual(event, {
    id: eventId,
    eventName: some.eventName,
    externalCustomerId: some.externalCustomerId,
    customerId: "cust_of_theirs",
    source: "compat",
    environmentId: bootstrap.environment_id,
    properties: { model: "large", tokens: "12", note: "ünïcode \"quoted\"" },
  });
  assert.equal(Date.parse(read), Date.parse(timestamp));
  assert.equal(hasMore, false);
  assert.equal(totalCount, 1);
  assert.equal(raw.event.api_key_id, ingestor.secret.id);
  assert.equal(raw.event.service_account_id, ingestor.account.id);
  assert.equal(raw.status, "processed");
});

test("Numbers in properties keep their exact text", async () => {
  const eventName = unique("event");
  const eventId = unique("id");
  await ask(202, "POST", "/v1/events", {
    key: ingestor.apiKey,
    body:
      `{"event_name":"${eventName}","external_customer_id":"c","event_id":"${eventId}",` +
      '"properties":{"price":1.50,"big":12345678901234567890.123456789,"nested":{"list":[1e3]}}}',
  });

  const { text } = await send("GET", `/v1/events/${eventId}`, { key: reader.apiKey });

  assert.match(text, /"price":\s*1\.50\b/);
  assert.match(text, /"big":\s*12345678901234567890\.123456789\b/);
  assert.match(text, /\[\s*1[eE]\+?3\s*\]/);
});

test("A batch is accepted with a result for each event", async () => {
  const some = kind();
  const ids = [unique("id"), unique("id")];
  const timestamp = yesterday("08:00:00");
  await some.send({ eventId: ids[0], timestamp });

  const answer = await some.sendAll([{ eventId: ids[0], timestamp }, { eventId: ids[1], timestamp }, {}]);
  // The SDK promises an object of texts, so it turns the list of results into its JSON.
  const results = JSON.parse(answer.results);

  assert.equal(answer.message, "Events accepted for processing");
  assert.equal(answer.batch_size, "3");
  assert.deepEqual(results.map((result) => result.status), ["duplicate", "accepted", "accepted"]);
  assert.deepEqual(results.slice(0, 2).map((result) => result.event_id), ids);
  assert.ok(results.every((result) => result.error === null));
  assert.equal((await some.query()).totalCount, 3);
});

test("One bad event refuses the whole batch, and nothing of it is stored", async () => {
  const some = kind();

  const { problem } = await refused(400, some.sendAll([{}, { externalCustomerId: "" }, {}]));

  assert.equal(problem.code, "validation_error");
  assert.ok(
    Object.keys(problem.details.errors).some((field) => field.includes("1") && field.includes("external_customer_id")),
    JSON.stringify(problem.details),
  );
  assert.equal((await some.query()).totalCount, 0);
});

test("A partial batch stores the good events and says what is wrong with the others", async () => {
  const eventName = unique("event");
  const good = { event_name: eventName, external_customer_id: "c" };

  const answer = await ask(202, "POST", "/v1/events/bulk?mode=partial", {
    key: ingestor.apiKey,
    body: { events: [good, { event_name: eventName }, good] },
  });
  const { totalCount } = await reader.sdk.events.listRawEvents({ eventName });

  assert.equal(answer.batch_size, 3);
  assert.deepEqual(answer.results.map((result) => result.status), ["accepted", "rejected", "accepted"]);
  assert.match(answer.results[1].error, /external_customer_id/);
  assert.equal(totalCount, 2);
});

test("An empty batch and one of more than 1,000 events are refused", async () => {
  const some = kind();

  await refused(400, some.sendAll([]));
  await refused(400, some.sendAll(Array.from({ length: 1001 }, () => ({}))));

  assert.equal((await some.query()).totalCount, 0);
});

test("A batch of 1,000 events is accepted", async () => {
  const some = kind();

  const answer = await some.sendAll(Array.from({ length: 1000 }, () => ({})));

  assert.equal(JSON.parse(answer.results).length, 1000);
  assert.equal((await some.query({ pageSize: 1 })).totalCount, 1000);
});

test("An event with a wrong member is refused by name", async () => {
  const some = kind();
  const fieldsOf = async (members) => {
    const { problem } = await refused(400, some.send(members));
    return Object.keys(problem.details.errors);
  };

  assert.deepEqual(await fieldsOf({ eventName: "  " }), ["event_name"]);
  assert.deepEqual(await fieldsOf({ externalCustomerId: "c".repeat(256) }), ["external_customer_id"]);
  assert.deepEqual(await fieldsOf({ timestamp: "yesterday" }), ["timestamp"]);
  assert.deepEqual(await fieldsOf({ timestamp: "2026-01-01T00:00:00" }), ["timestamp"]);
  assert.equal((await some.query()).totalCount, 0);
});

test("A member that nobody may set is refused", async () => {
  const answer = await send("POST", "/v1/events", {
    key: ingestor.apiKey,
    body: { event_name: unique("event"), external_customer_id: "c", api_key_id: "secret_of_another" },
  });

  assert.equal(answer.status, 400, answer.text);
  assert.ok("api_key_id" in problemOf(answer).details.errors, answer.text);
});

test("A query selects by customer, source, id, property and time", async () => {
  const some = kind();
  const [a, b, c] = [unique("a"), unique("b"), unique("c")];
  const other = unique("customer");
  await some.sendAll([
    { eventId: a, timestamp: yesterday("08:00:00"), source: "web", properties: { model: "large", tokens: "1.50" } },
    { eventId: b, timestamp: yesterday("09:00:00"), source: "job", properties: { model: "small", tokens: "2" } },
    { eventId: c, timestamp: yesterday("10:00:00"), externalCustomerId: other, properties: { model: "tiny" } },
  ]);
  const ids = async (filter) => (await some.query({ order: "asc", ...filter })).events.map((event) => event.id);

  assert.deepEqual(await ids({}), [a, b, c]);
  assert.deepEqual(await ids({ order: "desc" }), [c, b, a]);
  assert.deepEqual(await ids({ externalCustomerId: other }), [c]);
  assert.deepEqual(await ids({ source: "job" }), [b]);
  assert.deepEqual(await ids({ eventId: a }), [a]);
  assert.deepEqual(await ids({ propertyFilters: { model: ["large", "tiny"] } }), [a, c]);
  assert.deepEqual(await ids({ propertyFilters: { model: ["large", "small"], tokens: ["1.5"] } }), [a]);
  assert.deepEqual(await ids({ startTime: yesterday("08:00:00"), endTime: yesterday("10:00:00") }), [a, b]);
  assert.deepEqual(await ids({ startTime: yesterday("08:00:01") }), [b, c]);
});

test("Pages that continue at a key have no holes and no repetitions", async () => {
  const some = kind();
  const all = Array.from({ length: 7 }, (_, index) => `${index}-${unique("id")}`);
  // Three events share one time: the order among them must hold from page to page.
  const minute = (index) => yesterday(`08:0${Math.floor(index / 3)}:00`);
  await some.sendAll(all.map((eventId, index) => ({ eventId, timestamp: minute(index) })));

  const seen = [];
  let page = await some.query({ pageSize: 3 });
  for (let pages = 1; ; pages++) {
    assert.ok(pages <= 3, "seven events fit into three pages of three");
    seen.push(...page.events.map((event) => event.id));
    if (!page.hasMore) {
      break;
    }

    page = await some.query({ pageSize: 3, iterLastKey: page.iterLastKey });
  }

  const back = await some.query({ pageSize: 3, iterFirstKey: page.iterFirstKey });
  assert.equal(seen.length, 7);
  assert.deepEqual([...seen].sort(), [...all].sort());
  assert.deepEqual(back.events.map((event) => event.id), seen.slice(3, 6));
});

test("Pages that continue at an offset have no holes and no repetitions", async () => {
  const some = kind();
  const timestamp = yesterday("08:00:00");
  await some.sendAll(Array.from({ length: 5 }, () => ({ timestamp })));

  const first = await some.query({ pageSize: 3 });
  const second = await some.query({ pageSize: 3, offset: first.offset });

  assert.equal(first.totalCount, 5);
  assert.equal(first.offset, 3);
  assert.equal(first.hasMore, true);
  assert.equal(second.hasMore, false);
  assert.equal(new Set([...first.events, ...second.events].map((event) => event.id)).size, 5);
});

test("A query out of range is refused by name", async () => {
  const some = kind();
  const fieldsOf = async (members) => {
    const { problem } = await refused(400, some.query(members));
    return Object.keys(problem.details.errors);
  };

  assert.deepEqual(await fieldsOf({ pageSize: 501 }), ["page_size"]);
  assert.deepEqual(await fieldsOf({ pageSize: 0 }), ["page_size"]);
  assert.deepEqual(await fieldsOf({ offset: -1 }), ["offset"]);
  assert.deepEqual(await fieldsOf({ sort: "source" }), ["sort"]);
  assert.deepEqual(await fieldsOf({ order: "DESC" }), ["order"]);
  assert.deepEqual(await fieldsOf({ iterLastKey: "made up" }), ["iter_last_key"]);
});

test("The same events are listed with a query in the URL", async () => {
  const some = kind();
  await some.sendAll([
    { timestamp: yesterday("08:00:00"), properties: { model: "large" } },
    { timestamp: yesterday("09:00:00"), properties: { model: "small" } },
  ]);

  const list = await ask(
    200,
    "GET",
    `/v1/events?event_name=${some.eventName}&property_filters=${encodeURIComponent("model:large,tiny")}&page_size=10`,
    { key: reader.apiKey },
  );

  assert.deepEqual(list.events.map((event) => event.properties), [{ model: "large" }]);
  assert.equal(list.has_more, false);
});

test("The same events are streamed, exported and counted", async () => {
  const some = kind();
  const ids = [unique("id"), unique("id")];
  await some.sendAll(ids.map((eventId) => ({ eventId })));
  const filter = `event_name=${some.eventName}&service_account_id=${ingestor.account.id}`;

  const { text: lines } = await send("GET", `/v1/events/export?${filter}`, { key: reader.apiKey });
  const { text: table } = await send("GET", `/v1/events/export?format=csv&${filter}`, { key: reader.apiKey });
  const { text: stream } = await send("GET", `/v1/events/stream?max_seconds=0&${filter}`, { key: reader.apiKey });
  const monitoring = await ask(200, "GET", `/v1/events/monitoring?${filter}`, { key: reader.apiKey });

  assert.deepEqual(lines.trim().split("\n").map((line) => JSON.parse(line).id), ids);
  assert.deepEqual(table.trim().split("\r\n").slice(1).map((line) => line.split(",")[0]), ids);
  assert.match(stream, /event: end\ndata: \{"reason":"time"/);
  assert.equal(monitoring.total_count, 2);
});

test("An event is found by its id, whatever characters that has", async () => {
  const some = kind();
  const eventId = `${unique("id")}/with a+b%2F&ü?#`;
  await some.send({ eventId });

  const { event, status } = await reader.sdk.events.getEvent(eventId);
  const looked = await ask(200, "GET", `/v1/events/lookup?id=${encodeURIComponent(eventId)}`, { key: reader.apiKey });

  assert.equal(event.id, eventId);
  assert.equal(status, "processed");
  assert.equal(looked.event.id, eventId);
});

test("An event that does not exist is a 404", async () => {
  const id = unique("id");

  const { problem } = await refused(404, reader.sdk.events.getEvent(id));
  const looked = await send("GET", `/v1/events/lookup?id=${id}`, { key: reader.apiKey });

  assert.equal(problem.code, "not_found");
  assert.equal(looked.status, 404, looked.text);
});

test("COUNT counts each event once", async () => {
  const some = kind();
  const repeated = { eventId: unique("id"), timestamp: yesterday("08:00:00") };
  await some.sendAll([repeated, {}, { externalCustomerId: unique("customer") }]);
  await some.send(repeated);

  const all = await some.usage({ aggregationType: "COUNT" });
  const theirs = await some.usage({ aggregationType: "COUNT", externalCustomerId: some.externalCustomerId });

  assert.equal(all.value, 3);
  assert.equal(all.type, "COUNT");
  assert.equal(all.eventName, some.eventName);
  assert.deepEqual(all.results, []);
  assert.equal(theirs.value, 2);
});

test("SUM adds decimals exactly, as numbers and as text", async () => {
  const some = kind();
  await some.sendAll(Array.from({ length: 10 }, () => ({ properties: { cost: "0.1" } })));
  await ask(202, "POST", "/v1/events", {
    key: ingestor.apiKey,
    body: `{"event_name":"${some.eventName}","external_customer_id":"c","properties":{"cost":12345678901234567.000000001}}`,
  });

  const { value, type } = await some.usage({ aggregationType: "SUM", propertyName: "cost" });
  const { text } = await send("POST", "/v1/events/usage", {
    key: reader.apiKey,
    body: { event_name: some.eventName, aggregation_type: "SUM", property_name: "cost" },
  });

  assert.equal(type, "SUM");
  assert.equal(value, 12345678901234568);
  assert.match(text, /"value":\s*12345678901234568\.000000001\s*[,}]/);
});

test("SUM leaves out and counts what is not a number", async () => {
  const some = kind();
  await some.sendAll([{ properties: { cost: "1.25" } }, { properties: { cost: "free" } }, { properties: {} }]);

  const usage = await ask(200, "POST", "/v1/events/usage", {
    key: reader.apiKey,
    body: { event_name: some.eventName, aggregation_type: "SUM", property_name: "cost" },
  });

  assert.equal(usage.value, 1.25);
  assert.equal(usage.skipped, 2);
});

test("Usage is cut into windows, and the interval is half-open", async () => {
  const some = kind();
  await some.sendAll([
    { timestamp: yesterday("07:59:59"), properties: { cost: "100" } },
    { timestamp: yesterday("08:00:00"), properties: { cost: "1.5" } },
    { timestamp: yesterday("08:59:59"), properties: { cost: "2.25" } },
    { timestamp: yesterday("10:00:00"), properties: { cost: "4" } },
    { timestamp: yesterday("11:00:00"), properties: { cost: "1000" } },
  ]);
  const interval = { startTime: yesterday("08:00:00"), endTime: yesterday("11:00:00") };

  const { value, results } = await some.usage({
    ...interval,
    aggregationType: "SUM",
    propertyName: "cost",
    windowSize: "HOUR",
  });

  const filled = results.filter((result) => result.value !== 0);
  assert.equal(value, 7.75);
  assert.deepEqual(
    filled.map((result) => [Date.parse(result.windowSize), result.value]),
    [[Date.parse(yesterday("08:00:00")), 3.75], [Date.parse(yesterday("10:00:00")), 4]],
  );
});

for (const windowSize of ["MINUTE", "15MIN", "30MIN", "HOUR", "3HOUR", "6HOUR", "12HOUR", "DAY", "WEEK", "MONTH"]) {
  test(`Windows of ${windowSize} add up to the whole`, async () => {
    const some = kind();
    await some.sendAll(["00:00:00", "00:14:59", "08:45:00", "23:59:59"].map((time) => ({ timestamp: yesterday(time) })));

    const { value, results } = await some.usage({
      aggregationType: "COUNT",
      windowSize,
      startTime: yesterday("00:00:00"),
      endTime: new Date(today).toISOString(),
    });

    assert.equal(value, 4);
    assert.equal(results.reduce((sum, result) => sum + result.value, 0), 4);
    assert.ok(results.every((result) => Date.parse(result.windowSize) < today));
  });
}

test("Usage can be filtered by property", async () => {
  const some = kind();
  await some.sendAll(["large", "small", "large", "tiny"].map((model) => ({ properties: { model } })));

  const { value } = await some.usage({ aggregationType: "COUNT", filters: { model: ["large", "tiny"] } });

  assert.equal(value, 3);
});

test("Usage that can't be answered is refused, never answered with something else", async () => {
  const some = kind();
  const fieldsOf = async (members) => {
    const { problem } = await refused(400, some.usage(members));
    return Object.keys(problem.details.errors);
  };

  assert.deepEqual(await fieldsOf({ aggregationType: "MEDIAN" }), ["aggregation_type"]);
  assert.deepEqual(await fieldsOf({ aggregationType: "SUM" }), ["property_name"]);
  assert.deepEqual(await fieldsOf({ aggregationType: "COUNT", windowSize: "FORTNIGHT" }), ["window_size"]);
  assert.deepEqual(
    await fieldsOf({ aggregationType: "COUNT", windowSize: "MONTH", billingAnchor: "2026-01-15T00:00:00Z" }),
    ["billing_anchor"],
  );
});

test("The administrator reads what a service account sent", async () => {
  const some = kind();
  const { event_id: id } = await some.send();

  const { event } = await admin.events.getEvent(id);

  assert.equal(event.id, id);
});
