// Measures, against a server of its own on this machine:
//   usage   how long a month of usage by day takes with more and more events, from roll-ups and event by event
//   ingest  how fast events are taken in, and how long a single event waits, alone, beside batches of 10,000 lines, and beside heavy queries
// Absolute times depend on the machine; what is of interest are the ratios of one run.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const program = join(root, "artifacts/bin/Tollgate.Server/release/tollgate-server");
const sizes = (process.argv[2] ?? "10000,100000,1000000").split(",").map(Number);
const start = Date.UTC(2026, 0, 1);
const month = 31 * 86_400_000;

const folder = mkdtempSync(join(tmpdir(), "tollgate-bench-"));
const server = spawn(program, [], {
  env: {
    ...process.env,
    TOLLGATE_URLS: "http://127.0.0.1:0",
    TOLLGATE_STORAGE__FOLDER: join(folder, "data"),
    TOLLGATE_BOOTSTRAP__FILE: join(folder, "bootstrap.json"),
  },
  stdio: ["ignore", "ignore", "inherit"],
});
try {
  const { url, api_key: key } = await ready();
  const post = async (path, body, type = "application/json") => {
    const response = await fetch(url + path, { method: "POST", headers: { "x-api-key": key, "content-type": type }, body });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`${path}: ${response.status} ${text}`);
    }

    return JSON.parse(text);
  };
  await measureUsage(post);
  await measureIngest(post);
} finally {
  const ended = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGTERM");
  await ended;
  rmSync(folder, { recursive: true, force: true });
}

async function measureUsage(post) {
  console.log("events      taken in   readable  by day, roll-ups  by day, event by event");
  let sent = 0;
  for (const size of sizes) {
    const from = sent;
    const began = performance.now();
    for (; sent < size; sent += 1000) {
      await post("/v1/events/bulk", JSON.stringify({ events: Array.from({ length: 1000 }, (_, index) => event(sent + index)) }));
    }

    const rate = Math.round((1000 * (sent - from)) / (performance.now() - began));
    const query = {
      event_name: "completion",
      aggregation_type: "SUM",
      property_name: "tokens",
      start_time: new Date(start).toISOString(),
      end_time: new Date(start + month).toISOString(),
      window_size: "DAY",
    };
    await caughtUp(post, query);
    const readable = Math.round((1000 * (sent - from)) / (performance.now() - began));
    // Every event has this value, so the two answers are the same.
    const filtered = { ...query, filters: { model: ["large"] } };
    const [one, other] = [await post("/v1/events/usage", JSON.stringify(query)), await post("/v1/events/usage", JSON.stringify(filtered))];
    if (JSON.stringify(one.results) !== JSON.stringify(other.results) || one.results.length === 0) {
      throw new Error("The two answers differ.");
    }

    const rollUps = await median(9, () => post("/v1/events/usage", JSON.stringify(query)));
    const rows = await median(5, () => post("/v1/events/usage", JSON.stringify(filtered)));
    console.log(`${String(size).padEnd(10)}  ${`${rate}/s`.padStart(8)}  ${`${readable}/s`.padStart(9)}  ${`${rollUps.toFixed(1)} ms`.padStart(16)}  ${`${rows.toFixed(1)} ms`.padStart(22)}`);
  }
}

async function measureIngest(post) {
  const lines = (batch) => Array.from({ length: 10_000 }, (_, index) => JSON.stringify(event(`${batch} ${index}`))).join("\n");
  const heavy = JSON.stringify({
    event_name: "completion",
    aggregation_type: "COUNT_UNIQUE",
    property_name: "request",
    filters: { model: ["large"] },
    start_time: new Date(start).toISOString(),
    end_time: new Date(start + month).toISOString(),
  });
  const load = {
    alone: async () => {},
    "beside batches of 10,000 lines": async (number) => post("/v1/events/bulk", lines(`lines ${number}`), "application/x-ndjson"),
    "beside 32 clients with heavy queries": async () => post("/v1/events/usage", heavy).catch(() => {}),
  };
  console.log("\na single event waits                   median        p99");
  let number = 0;
  for (const [name, work] of Object.entries(load)) {
    let over = false;
    const clients = name === "alone" ? 0 : name.includes("32") ? 32 : 1;
    const busy = Array.from({ length: clients }, async () => {
      while (!over) {
        await work(number++);
      }
    });
    const waits = [];
    for (let index = 0; index < 300; index++) {
      const began = performance.now();
      await post("/v1/events", JSON.stringify(event(`${name} ${index}`)));
      waits.push(performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }

    over = true;
    await Promise.all(busy);
    waits.sort((one, other) => one - other);
    console.log(`${name.padEnd(36)}  ${`${waits[150].toFixed(1)} ms`.padStart(8)}  ${`${waits[297].toFixed(1)} ms`.padStart(9)}`);
  }
}

/** Asks until everything that was accepted can be read. */
async function caughtUp(post, query) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await post("/v1/events/usage", JSON.stringify(query));
    } catch (error) {
      if (attempt === 30 || !error.message.includes("503")) {
        throw error;
      }
    }
  }
}

function event(number) {
  const at = typeof number === "number" ? start + ((number * 2_654_435_761) % month) : start;
  return {
    event_name: "completion",
    event_id: `bench ${number}`,
    external_customer_id: `customer ${String(number).length % 7}`,
    timestamp: new Date(at).toISOString(),
    properties: { tokens: (String(number).length * 37) % 1000, model: "large", request: `r${number}` },
  };
}

async function median(times, ask) {
  const took = [];
  for (let time = 0; time < times; time++) {
    const began = performance.now();
    await ask();
    took.push(performance.now() - began);
  }

  return took.sort((one, other) => one - other)[times >> 1];
}

async function ready() {
  for (let attempt = 0; attempt < 300; attempt++) {
    try {
      const bootstrap = JSON.parse(readFileSync(join(folder, "bootstrap.json"), "utf8"));
      if ((await fetch(`${bootstrap.url}/healthz/ready`)).ok) {
        return bootstrap;
      }
    } catch {
      // Not yet.
    }

    await new Promise((resolve) => setTimeout(resolve, 100));
  }

  throw new Error("The server did not get ready.");
}
