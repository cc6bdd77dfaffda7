import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { Flexprice, SDKError } from "@flexprice/sdk";

const base = required("TOLLGATE_TEST_URL").replace(/\/+$/, "");

/** What the server wrote at its first start: `{url, email, password, api_key, tenant_id, environment_id}`. */
export const bootstrap = JSON.parse(readFileSync(required("TOLLGATE_TEST_BOOTSTRAP"), "utf8"));

/** The SDK as the first administrator. */
export const admin = connect(bootstrap.api_key);

/** The SDK with a key. */
export function connect(apiKey) {
  return new Flexprice({ serverURL: `${base}/v1`, apiKeyAuth: apiKey });
}

/** A name that no other test and no earlier run has. */
export function unique(prefix) {
  return `${prefix}-${randomBytes(8).toString("hex")}`;
}

/** A new service account with these roles, a key for it, and the SDK with that key. */
export async function serviceAccount(...roles) {
  const account = await admin.users.createUser({ type: "service_account", roles });
  const { apiKey, secret } = await admin.secrets.createApiKey({
    name: unique("key"),
    type: "private_key",
    serviceAccountId: account.id,
  });
  return { account, apiKey, secret, sdk: connect(apiKey) };
}

/**
 * Waits for a call of the SDK to be refused, and checks what is true of every refusal: the SDK turns it into a plain `SDKError`
 * with our status, and the body has our one shape.
 */
export async function refused(status, call) {
  let error;
  try {
    await call;
  } catch (thrown) {
    error = thrown;
  }

  assert.ok(error, `expected ${status}, but the call succeeded`);
  assert.ok(error instanceof SDKError, `expected an SDKError, got ${error.name}: ${error.message}`);
  assert.equal(error.statusCode, status, error.message);
  const problem = problemOf({ status, headers: error.headers, text: error.body });
  assert.ok(error.message.endsWith(error.body), "the SDK's own text carries our answer");
  return { problem, headers: error.headers };
}

/** Checks the one shape of errors and gives back its members. */
export function problemOf({ status, headers, text }) {
  assert.match(headers.get("content-type") ?? "", /^application\/problem\+json\b/, text);
  const problem = JSON.parse(text);
  assert.equal(problem.status, status, text);
  assert.equal(problem.http_status_code, status, text);
  for (const member of ["type", "title", "error", "message", "detail", "code", "instance", "request_id"]) {
    assert.equal(typeof problem[member], "string", `${member} in ${text}`);
    assert.notEqual(problem[member], "", `${member} in ${text}`);
  }

  assert.equal(problem.request_id, headers.get("x-request-id"));
  return problem;
}

/** A request without the SDK, for routes it does not have and for members it hides. */
export async function send(method, path, { key, body, headers } = {}) {
  const response = await fetch(base + path, {
    method,
    headers: {
      ...(key === undefined ? {} : { "x-api-key": key }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    body: typeof body === "object" ? JSON.stringify(body) : body,
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: () => JSON.parse(text),
  };
}

/** As {@link send}, for a request that must succeed; gives back the body. */
export async function ask(status, method, path, options) {
  const answer = await send(method, path, options);
  assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
  return answer.json();
}

function required(name) {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set. These tests need a running server; ./test starts one.`);
  }

  return value;
}
