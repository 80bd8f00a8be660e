#pragma once
#include <stddef.h>

/// A file of the dashboard's page, inside the binary.
struct dashboard_web_file {
  const char *path;
  const char *content_type;
  const unsigned char *bytes;
  size_t size;
};

size_t dashboard_web_file_count(void);

/// `index` is below the count.
struct dashboard_web_file dashboard_web_file(size_t index);
