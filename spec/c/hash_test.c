/* hash_test.c - digests, HMAC and PBKDF2 against the examples of their RFCs. */
#include "check.h"
#include "protocol/hash.h"

static int is_hex(const unsigned char *digest, const char *hex) {
  char text[2 * IMAP_HASH_MAX + 1] = "";
  for (size_t i = 0; i < strlen(hex) / 2; i++)
    snprintf(text + 2 * i, 3, "%02x", digest[i]);
  return strcmp(text, hex) == 0;
}

/* RFC 1321, RFC 3174, FIPS 180; RFC 2202 and 4231, keys longer than a block */
static void hashes(void) {
  unsigned char digest[IMAP_HASH_MAX];
  char key[131];
  struct imap_span long_text =
      imap_span_of("Test Using Larger Than Block-Size Key - Hash Key First");
  memset(key, 0xaa, sizeof key);
  CHECK(imap_hash_size(IMAP_HASH_MD5) == 16);
  CHECK(imap_hash_size(IMAP_HASH_SHA1) == 20);
  CHECK(imap_hash_size(IMAP_HASH_SHA256) == 32);
  CHECK(imap_hash_size(IMAP_HASH_NONE) == 0);
  imap_hash_digest(IMAP_HASH_MD5, (struct imap_span){NULL, 0}, digest);
  CHECK(is_hex(digest, "d41d8cd98f00b204e9800998ecf8427e"));
  imap_hash_digest(IMAP_HASH_SHA1, imap_span_of("abc"), digest);
  CHECK(is_hex(digest, "a9993e364706816aba3e25717850c26c9cd0d89d"));
  imap_hash_hmac(IMAP_HASH_MD5, (struct imap_span){key, 80}, long_text,
                 digest);
  CHECK(is_hex(digest, "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"));
  imap_hash_hmac(IMAP_HASH_SHA1, (struct imap_span){key, 80}, long_text,
                 digest);
  CHECK(is_hex(digest, "aa4ae5e15272d00e95705637ce8a3b55ed402112"));
  imap_hash_hmac(IMAP_HASH_SHA256, (struct imap_span){key, 131}, long_text,
                 digest);
  CHECK(is_hex(digest, "60e431591ee0b67f0d8a26aacbf5b77f"
                       "8e0bc6213728c5140546040f0ee37f54"));
}

/* RFC 6070 and RFC 7914 section 11 */
static void pbkdf2(void) {
  unsigned char digest[IMAP_HASH_MAX];
  struct imap_span password = imap_span_of("password");
  struct imap_span salt = imap_span_of("salt");
  imap_hash_pbkdf2(IMAP_HASH_SHA1, password, salt, 1, digest);
  CHECK(is_hex(digest, "0c60c80f961f0e71f3a9b524af6012062fe037a6"));
  imap_hash_pbkdf2(IMAP_HASH_SHA1, password, salt, 2, digest);
  CHECK(is_hex(digest, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"));
  imap_hash_pbkdf2(IMAP_HASH_SHA1, password, salt, 4096, digest);
  CHECK(is_hex(digest, "4b007901b765489abead49d926f721d065a429c1"));
  imap_hash_pbkdf2(IMAP_HASH_SHA256, imap_span_of("passwd"), salt, 1, digest);
  CHECK(is_hex(digest, "55ac046e56e3089fec1691c22544b605"
                       "f94185216dde0465e68b9d57c20dacbc"));
  imap_hash_pbkdf2(IMAP_HASH_SHA256, imap_span_of("Password"),
                   imap_span_of("NaCl"), 80000, digest);
  CHECK(is_hex(digest, "4ddcd8f60b98be21830cee5ef22701f9"
                       "641a4418d04c0414aeff08876b34ab56"));
}

static void comparing(void) {
  CHECK(imap_hash_equal("abc", "abc", 3) && imap_hash_equal("abc", "abd", 2));
  CHECK(!imap_hash_equal("abc", "abd", 3) && !imap_hash_equal("xbc", "abc", 3));
}

int main(void) {
  hashes();
  pbkdf2();
  comparing();
  return check_report();
}
