// CRC-32C (Castagnoli, reflected polynomial 0x82f63b78): one function, three ways.
//
// x86-64: the crc32 instruction of SSE4.2 has a latency of three cycles and a throughput of one, so three independent
// streams of a fixed length run interleaved and are joined by a table that advances a checksum over that many zero
// bytes. ARMv8: the crc32c instructions where the compiler's target has them. Everything else: slicing by eight.

#include "CCRC32C.h"

#include <pthread.h>
#include <string.h>

#define POLYNOMIAL 0x82f63b78u
#define LANE 1024

static uint32_t slices[8][256];
static uint32_t advance_lane[4][256];
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static uint32_t times_matrix(const uint32_t *matrix, uint32_t vector) {
  uint32_t sum = 0;
  for (; vector != 0; vector >>= 1, matrix++)
    if (vector & 1) sum ^= *matrix;
  return sum;
}

static void make_tables(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ POLYNOMIAL : crc >> 1;
    slices[0][byte] = crc;
  }
  for (int slice = 1; slice < 8; slice++)
    for (uint32_t byte = 0; byte < 256; byte++) {
      uint32_t crc = slices[slice - 1][byte];
      slices[slice][byte] = (crc >> 8) ^ slices[0][crc & 0xff];
    }
  // The operator for LANE zero bytes, by running each single bit through them.
  uint32_t operator[32];
  for (int bit = 0; bit < 32; bit++) {
    uint32_t crc = 1u << bit;
    for (int i = 0; i < LANE; i++) crc = (crc >> 8) ^ slices[0][crc & 0xff];
    operator[bit] = crc;
  }
  for (int position = 0; position < 4; position++)
    for (uint32_t byte = 0; byte < 256; byte++)
      advance_lane[position][byte] = times_matrix(operator, byte << (8 * position));
}

static uint32_t update_table(uint32_t crc, const uint8_t *p, size_t n) {
  while (n >= 8) {
    uint32_t low = crc ^ ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
    crc = slices[7][low & 0xff] ^ slices[6][(low >> 8) & 0xff] ^ slices[5][(low >> 16) & 0xff] ^ slices[4][low >> 24] ^
          slices[3][p[4]] ^ slices[2][p[5]] ^ slices[1][p[6]] ^ slices[0][p[7]];
    p += 8;
    n -= 8;
  }
  while (n--) crc = (crc >> 8) ^ slices[0][(crc ^ *p++) & 0xff];
  return crc;
}

uint32_t crc32c_update_portable(uint32_t crc, const void *data, size_t length) {
  pthread_once(&tables_once, make_tables);
  return ~update_table(~crc, data, length);
}

#if defined(__x86_64__)
#include <nmmintrin.h>

static inline uint64_t load64(const uint8_t *p) {
  uint64_t value;
  memcpy(&value, p, 8);
  return value;
}

static inline uint32_t advance(uint32_t crc) {
  return advance_lane[0][crc & 0xff] ^ advance_lane[1][(crc >> 8) & 0xff] ^ advance_lane[2][(crc >> 16) & 0xff] ^
         advance_lane[3][crc >> 24];
}

__attribute__((target("sse4.2"))) static uint32_t update_hardware(uint32_t crc32, const uint8_t *p, size_t n) {
  uint64_t crc = crc32;
  while (n >= 3 * LANE) {
    uint64_t second = 0, third = 0;
    for (const uint8_t *end = p + LANE; p < end; p += 8) {
      crc = _mm_crc32_u64(crc, load64(p));
      second = _mm_crc32_u64(second, load64(p + LANE));
      third = _mm_crc32_u64(third, load64(p + 2 * LANE));
    }
    crc = advance((uint32_t)crc) ^ second;
    crc = advance((uint32_t)crc) ^ third;
    p += 2 * LANE;
    n -= 3 * LANE;
  }
  for (; n >= 8; p += 8, n -= 8) crc = _mm_crc32_u64(crc, load64(p));
  for (; n > 0; p++, n--) crc = _mm_crc32_u8((uint32_t)crc, *p);
  return (uint32_t)crc;
}

uint32_t crc32c_update(uint32_t crc, const void *data, size_t length) {
  pthread_once(&tables_once, make_tables);
  if (__builtin_cpu_supports("sse4.2")) return ~update_hardware(~crc, data, length);
  return ~update_table(~crc, data, length);
}

#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>

uint32_t crc32c_update(uint32_t crc, const void *data, size_t n) {
  const uint8_t *p = data;
  crc = ~crc;
  for (; n >= 8; p += 8, n -= 8) {
    uint64_t value;
    memcpy(&value, p, 8);
    crc = __crc32cd(crc, value);
  }
  for (; n > 0; p++, n--) crc = __crc32cb(crc, *p);
  return ~crc;
}

#else

uint32_t crc32c_update(uint32_t crc, const void *data, size_t length) {
  return crc32c_update_portable(crc, data, length);
}

#endif
