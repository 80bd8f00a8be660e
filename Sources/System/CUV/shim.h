#pragma once
#if defined(__linux__)
#include <malloc.h>
#endif
#include <uv.h>
#include <netdb.h>
#include <stdint.h>
#include <sys/socket.h>
#include <string.h>

/// Has the allocator give freed pieces of this size or more back to the system at once, where it can be told (glibc).
static inline void cuv_return_freed(int bytes) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, bytes);
  mallopt(M_TRIM_THRESHOLD, 4 * bytes);
#else
  (void)bytes;
#endif
}

// uv's handle types share their beginning; Swift gets the casts from here, in one place.
static inline uv_handle_t *cuv_handle(void *h) { return (uv_handle_t *)h; }
static inline uv_stream_t *cuv_stream(void *h) { return (uv_stream_t *)h; }

/// Makes the loop measure how long it sleeps (see uv_metrics_idle_time). 0 or a uv error.
static inline int cuv_measure_idle_time(uv_loop_t *loop) { return uv_loop_configure(loop, UV_METRICS_IDLE_TIME); }

/// Reads a numeric address, without asking anybody. 0 or a uv error.
static inline int cuv_numeric(const char *host, uint16_t port, struct sockaddr_storage *out) {
  if (uv_ip4_addr(host, port, (struct sockaddr_in *)out) == 0) return 0;
  return uv_ip6_addr(host, port, (struct sockaddr_in6 *)out);
}

/// Of the addresses that a name has the first of IPv4, or the first; 0 or a uv error.
static inline int cuv_choose(const struct addrinfo *list, struct sockaddr_storage *out) {
  const struct addrinfo *chosen = list;
  for (const struct addrinfo *a = list; a; a = a->ai_next)
    if (a->ai_family == AF_INET) { chosen = a; break; }
  if (!chosen || chosen->ai_addrlen > sizeof *out) return UV_EAI_NONAME;
  memcpy(out, chosen->ai_addr, chosen->ai_addrlen);
  return 0;
}

/// Resolves a host and port (blocking; numeric addresses do not leave the process). 0 or a uv error.
static inline int cuv_resolve(const char *host, const char *port, struct sockaddr_storage *out) {
  struct addrinfo hints, *list = 0;
  memset(&hints, 0, sizeof hints);
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_family = AF_UNSPEC;
  hints.ai_flags = AI_PASSIVE;
  if (getaddrinfo(host && host[0] ? host : 0, port, &hints, &list) || !list) return UV_EAI_NONAME;
  int code = cuv_choose(list, out);
  freeaddrinfo(list);
  return code;
}

/// SOCK_STREAM, which is a number on some systems and an enumeration on others.
static inline int cuv_stream_socket(void) { return SOCK_STREAM; }

static inline const struct sockaddr *cuv_sockaddr(const struct sockaddr_storage *s) {
  return (const struct sockaddr *)s;
}

/// The peer's address in text; empty when there is none.
static inline void cuv_peer_name(const uv_tcp_t *tcp, char *out, size_t size) {
  struct sockaddr_storage name;
  int length = sizeof name;
  out[0] = 0;
  if (uv_tcp_getpeername(tcp, (struct sockaddr *)&name, &length)) return;
  if (name.ss_family == AF_INET) uv_ip4_name((struct sockaddr_in *)&name, out, size);
  else if (name.ss_family == AF_INET6) uv_ip6_name((struct sockaddr_in6 *)&name, out, size);
}
