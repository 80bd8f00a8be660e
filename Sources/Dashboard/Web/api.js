// Requests to /api/v1. A failure is an Error whose text a person can read, with what to do next when the server says.

const limit = 8 * 1024 * 1024;

export async function get(path, signal) {
  const response = await fetch(`api/v1/${path}`, { signal, headers: { accept: "application/json" } });
  const length = Number(response.headers.get("content-length") ?? 0);
  if (length > limit) throw new Error(`the answer has ${length} bytes; this page reads at most ${limit}`);
  if (!response.ok) throw await failure(response);
  return response.json();
}

export async function post(path, body = {}) {
  const response = await fetch(`api/v1/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw await failure(response);
  return response.status === 204 || response.status === 202 ? undefined : response.json();
}

async function failure(response) {
  try {
    const { error } = await response.json();
    return new Error(error.next ? `${error.message} (${error.next})` : error.message);
  } catch {
    return new Error(`the dashboard answered ${response.status} ${response.statusText}`.trim());
  }
}

/** A path of segments, each escaped: names of topics and groups may hold anything. */
export const path = (...segments) => segments.map((segment) => encodeURIComponent(segment)).join("/");
