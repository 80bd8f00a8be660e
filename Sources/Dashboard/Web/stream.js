// The stream of what happens: server-sent events, reconnecting by itself, and a clock that tells how old the newest
// model is. The page's idea of "now" is the monitor's clock plus what has passed here since its model came.

const staleAfter = 3000;
// A stream that is open but silent for so long (a proxy in between, a machine that slept) is given up for a new one.
const silentAfter = 10_000;

export class Stream {
  #handlers;
  #source;
  #arrivedAt; // performance.now() when the newest model came
  #modelAt;
  #sequence;
  #startedAt = performance.now();
  #retryAt = 0;

  /** `handlers`: model, second, partitions, alerts (each with what came), opened (again), refused, tick(connection, age). */
  constructor(handlers) {
    this.#handlers = handlers;
  }

  start() {
    this.#connect();
    setInterval(() => this.#tick(), 500);
  }

  /** Now by the monitor's clock; before the first model, by this machine's. */
  now() {
    return this.#modelAt === undefined ? Date.now() : this.#modelAt + (performance.now() - this.#arrivedAt);
  }

  /** How old the newest model is in milliseconds; undefined before the first. */
  get age() {
    return this.#arrivedAt === undefined ? undefined : performance.now() - this.#arrivedAt;
  }

  /** `connecting` before the first model, then `live` or `stale`. */
  get connection() {
    if (this.age === undefined) return performance.now() - this.#startedAt > staleAfter ? "absent" : "connecting";
    return this.age > staleAfter ? "stale" : "live";
  }

  #connect() {
    this.#source?.close();
    const source = new EventSource("api/v1/events");
    this.#source = source;
    source.addEventListener("open", () => this.#handlers.opened());
    for (const name of ["model", "second", "partitions", "alerts"]) {
      source.addEventListener(name, (event) => this.#take(name, event.data));
    }
  }

  #take(name, data) {
    let value;
    try {
      value = JSON.parse(data);
    } catch {
      return; // The next one comes in a second, and until then the age grows in sight.
    }
    if (name === "model") {
      // A model that is repeated is not news: its age goes on growing.
      if (value.sequence === this.#sequence && value.at === this.#modelAt) return;
      this.#sequence = value.sequence;
      this.#modelAt = value.at;
      this.#arrivedAt = performance.now();
    }
    this.#handlers[name](value);
  }

  #tick() {
    // A source that was refused (an error page, a proxy) is closed for good by the browser: begin again.
    const now = performance.now();
    const closed = this.#source?.readyState === EventSource.CLOSED;
    const silent = now - (this.#arrivedAt ?? this.#startedAt) > silentAfter;
    if ((closed || silent) && now > this.#retryAt) {
      this.#retryAt = now + (closed ? 1000 : silentAfter);
      if (closed) this.#handlers.refused();
      this.#connect();
    }
    this.#handlers.tick(this.connection, this.age);
  }
}
