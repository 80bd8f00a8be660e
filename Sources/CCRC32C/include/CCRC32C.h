#pragma once
#include <stddef.h>
#include <stdint.h>

/// CRC-32C of `length` bytes at `data`, continuing from `crc` (0 to begin). Uses the processor's instruction if it
/// has one, else a table.
uint32_t crc32c_update(uint32_t crc, const void *_Nonnull data, size_t length);

/// The same by tables alone.
uint32_t crc32c_update_portable(uint32_t crc, const void *_Nonnull data, size_t length);
