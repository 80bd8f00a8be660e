#pragma once
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <microhttpd.h>

/// Opens a listening socket. 0, or the errno of what failed; -1 when the address is not one.
///
/// Our own socket rather than the library's: a taken port is told apart from every other failure.
static inline int cmhd_listen(const char *address, const char *port, int *out_socket, unsigned short *out_port) {
  struct addrinfo hints, *list = 0;
  memset(&hints, 0, sizeof hints);
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  if (getaddrinfo(address[0] ? address : 0, port, &hints, &list) || !list) return -1;
  struct addrinfo *chosen = list;
  for (struct addrinfo *a = list; a; a = a->ai_next)
    if (a->ai_family == AF_INET) { chosen = a; break; }
  int error = 0, on = 1, fd = socket(chosen->ai_family, SOCK_STREAM, 0);
  if (fd < 0) error = errno;
  if (!error) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, chosen->ai_addr, chosen->ai_addrlen) || listen(fd, 128)) error = errno;
  }
  freeaddrinfo(list);
  struct sockaddr_storage name;
  socklen_t length = sizeof name;
  char number[8];
  if (!error && getsockname(fd, (struct sockaddr *)&name, &length)) error = errno;
  if (!error && getnameinfo((struct sockaddr *)&name, length, 0, 0, number, sizeof number, NI_NUMERICSERV))
    error = EINVAL;
  if (error) {
    if (fd >= 0) close(fd);
    return error;
  }
  unsigned int value = 0;
  sscanf(number, "%u", &value);
  *out_port = (unsigned short)value;
  *out_socket = fd;
  return 0;
}

/// Closes a listening socket that no daemon took over.
static inline void cmhd_close(int socket) { close(socket); }

/// The text of an errno.
static inline const char *cmhd_error_text(int error) { return strerror(error); }

static inline int cmhd_is_address_in_use(int error) { return error == EADDRINUSE; }

/// The peer's address in text; empty when there is none.
static inline void cmhd_peer(struct MHD_Connection *connection, char *out, size_t size) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  out[0] = 0;
  if (!info || !info->client_addr) return;
  socklen_t length = info->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
  getnameinfo(info->client_addr, length, out, size, 0, 0, NI_NUMERICHOST);
}

/// Makes the library see that the peer has said it sends no more, once all that it sent was read.
///
/// An end that arrives together with a request tells the library nothing: it has read less than it asked for, takes that for
/// all there is, and epoll tells of one arrival only once. The connection would stay until it has idled. Shutting down what
/// has ended already loses nothing and makes epoll tell again.
static inline void cmhd_notice_end(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  char byte;
  if (info && recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) shutdown(info->connect_fd, SHUT_RD);
}

struct cmhd_settings {
  int socket;
  unsigned int connections, idle_seconds;
  size_t connection_memory;
  void *owner;
  MHD_AccessHandlerCallback handler;
  void *(*opened)(void *owner, const char *target, struct MHD_Connection *connection);
  MHD_RequestCompletedCallback completed;
};

/// MHD_start_daemon, which is variadic, with the options that the server uses: epoll without a thread of its own, or, where
/// there is no epoll, poll.
///
/// Without MHD_OPTION_STRICT_FOR_CLIENT: with it 0.9.75 answers a missing Host twice on one connection. What it would refuse
/// the server refuses itself, on every version alike.
static inline struct MHD_Daemon *cmhd_start(const struct cmhd_settings *s) {
#ifdef __linux__
  unsigned int mode = MHD_USE_EPOLL;
#else
  unsigned int mode = MHD_USE_POLL;
#endif
  return MHD_start_daemon(
    mode | MHD_ALLOW_SUSPEND_RESUME, 0, 0, 0, s->handler, s->owner,
    MHD_OPTION_LISTEN_SOCKET, s->socket,
    MHD_OPTION_CONNECTION_LIMIT, s->connections,
    MHD_OPTION_CONNECTION_TIMEOUT, s->idle_seconds,
    MHD_OPTION_CONNECTION_MEMORY_LIMIT, s->connection_memory,
    MHD_OPTION_URI_LOG_CALLBACK, s->opened, s->owner,
    MHD_OPTION_NOTIFY_COMPLETED, s->completed, s->owner,
    MHD_OPTION_END);
}

/// The epoll descriptor to watch; -1 where the daemon has none.
static inline int cmhd_descriptor(struct MHD_Daemon *daemon) {
#ifdef __linux__
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
  return info ? info->epoll_fd : -1;
#else
  return -1;
#endif
}

/// How many connections are open.
static inline unsigned int cmhd_connections(struct MHD_Daemon *daemon) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
  return info ? info->num_connections : 0;
}
