/* names.c - the charsets of real mail and the names that they go by.
** Where a label is used for more than it says, as the WHATWG Encoding Standard
** found, it means the wider charset: iso-8859-1 is windows-1252, gb2312 is
** gb18030, ks_c_5601-1987 is cp949, shift_jis is cp932. */
#include "mime/names.h"

#include <stdlib.h>
#include <string.h>

#include "mime/pages.h"
#include "protocol/chars.h"

#define OWN(key, kind) {key, MIME_CHARSET_##kind, NULL, "CP932", 1}
#define PAGE(key, page) {key, MIME_CHARSET_PAGE, mime_page_##page, NULL, 1}
#define LIBC(key, name) {key, MIME_CHARSET_LIBC, NULL, name, 1}
#define WIDE(key, name, unit) {key, MIME_CHARSET_LIBC, NULL, name, unit}

/* In the order of strcmp(), for bsearch(). */
static const struct mime_charset charsets[] = {
  PAGE("437", cp437), OWN("646", UTF8), OWN("7bit", GUESS), PAGE("850", cp850),
  PAGE("852", cp852), PAGE("866", ibm866), PAGE("88591", windows1252),
  PAGE("88592", iso8859_2), OWN("8bit", GUESS), OWN("ansi", GUESS),
  PAGE("ansi1252", windows1252), OWN("ansix341968", UTF8),
  OWN("ansix341986", UTF8), PAGE("arabic", iso8859_6),
  LIBC("armscii8", "ARMSCII-8"), OWN("ascii", UTF8), PAGE("asmo708", iso8859_6),
  LIBC("big5", "BIG5-HKSCS"), LIBC("big5eten", "BIG5-HKSCS"),
  LIBC("big5hkscs", "BIG5-HKSCS"), LIBC("big5tw", "BIG5-HKSCS"),
  OWN("binary", GUESS), LIBC("chinese", "GB18030"),
  LIBC("cnbig5", "BIG5-HKSCS"), LIBC("cngb", "GB18030"),
  LIBC("cns11643", "EUC-TW"), PAGE("cp1250", windows1250),
  PAGE("cp1251", windows1251), PAGE("cp1252", windows1252),
  PAGE("cp1253", windows1253), PAGE("cp1254", windows1254),
  PAGE("cp1255", windows1255), PAGE("cp1256", windows1256),
  PAGE("cp1257", windows1257), PAGE("cp1258", windows1258), OWN("cp367", UTF8),
  PAGE("cp437", cp437), OWN("cp50220", JIS), OWN("cp50221", JIS),
  OWN("cp50222", JIS), LIBC("cp51932", "EUC-JP"), LIBC("cp51949", "CP949"),
  LIBC("cp54936", "GB18030"), LIBC("cp65000", "UTF-7"), OWN("cp65001", UTF8),
  LIBC("cp737", "CP737"), LIBC("cp775", "CP775"), PAGE("cp819", windows1252),
  PAGE("cp850", cp850), PAGE("cp852", cp852), LIBC("cp855", "CP855"),
  LIBC("cp857", "CP857"), LIBC("cp858", "CP858"), LIBC("cp860", "CP860"),
  LIBC("cp861", "CP861"), LIBC("cp862", "CP862"), LIBC("cp863", "CP863"),
  LIBC("cp864", "CP864"), LIBC("cp865", "CP865"), PAGE("cp866", ibm866),
  LIBC("cp869", "CP869"), PAGE("cp874", windows874), LIBC("cp932", "CP932"),
  LIBC("cp936", "GB18030"), LIBC("cp949", "CP949"), LIBC("cp950", "BIG5-HKSCS"),
  OWN("csascii", UTF8), LIBC("csbig5", "BIG5-HKSCS"), LIBC("cseuckr", "CP949"),
  LIBC("cseucpkdfmtjapanese", "EUC-JP"), LIBC("csgb18030", "GB18030"),
  LIBC("csgb2312", "GB18030"), LIBC("csgbk", "GB18030"),
  PAGE("csibm866", ibm866), LIBC("csiso2022cn", "ISO-2022-CN"),
  OWN("csiso2022jp", JIS), LIBC("csiso2022jp2", "ISO-2022-JP-2"),
  LIBC("csiso2022kr", "ISO-2022-KR"), LIBC("csiso58gb231280", "GB18030"),
  PAGE("csiso885915", iso8859_15), PAGE("csiso88598e", iso8859_8),
  PAGE("csiso88598i", iso8859_8), PAGE("csisolatin1", windows1252),
  PAGE("csisolatin2", iso8859_2), PAGE("csisolatin3", iso8859_3),
  PAGE("csisolatin4", iso8859_4), PAGE("csisolatin5", windows1254),
  PAGE("csisolatin6", iso8859_10), PAGE("csisolatin9", iso8859_15),
  PAGE("csisolatinarabic", iso8859_6), PAGE("csisolatincyrillic", iso8859_5),
  PAGE("csisolatingreek", iso8859_7), PAGE("csisolatinhebrew", iso8859_8),
  PAGE("cskoi8r", koi8_r), PAGE("cskoi8u", koi8_u),
  LIBC("csksc56011987", "CP949"), PAGE("csmacintosh", macintosh),
  PAGE("cspc850multilingual", cp850), PAGE("cspc8codepage437", cp437),
  PAGE("cspcp852", cp852), LIBC("csshiftjis", "CP932"),
  WIDE("csunicode", "UTF-16", 2), LIBC("csunicode11utf7", "UTF-7"),
  WIDE("csutf16", "UTF-16", 2), OWN("csutf8", UTF8), LIBC("csviscii", "VISCII"),
  PAGE("cswindows1250", windows1250), PAGE("cswindows1251", windows1251),
  PAGE("cswindows1252", windows1252), PAGE("cswindows1253", windows1253),
  PAGE("cswindows1254", windows1254), PAGE("cswindows1255", windows1255),
  PAGE("cswindows1256", windows1256), PAGE("cswindows1257", windows1257),
  PAGE("cswindows1258", windows1258), LIBC("cswindows31j", "CP932"),
  PAGE("cyrillic", iso8859_5), OWN("default", GUESS),
  PAGE("dos874", windows874), PAGE("ecma114", iso8859_6),
  PAGE("ecma118", iso8859_7), PAGE("elot928", iso8859_7),
  LIBC("euccn", "GB18030"), LIBC("eucgb2312cn", "GB18030"),
  LIBC("eucjp", "EUC-JP"), LIBC("eucjpms", "EUC-JP"), LIBC("euckr", "CP949"),
  LIBC("euctw", "EUC-TW"), LIBC("gb", "GB18030"), LIBC("gb18030", "GB18030"),
  LIBC("gb2312", "GB18030"), LIBC("gb23121980", "GB18030"),
  LIBC("gb231280", "GB18030"), LIBC("gbk", "GB18030"),
  LIBC("georgianps", "GEORGIAN-PS"), PAGE("greek", iso8859_7),
  PAGE("greek8", iso8859_7), PAGE("hebrew", iso8859_8), LIBC("hz", "HZ"),
  LIBC("hzgb2312", "HZ"), OWN("ibm367", UTF8), PAGE("ibm437", cp437),
  LIBC("ibm737", "CP737"), LIBC("ibm775", "CP775"), PAGE("ibm819", windows1252),
  PAGE("ibm850", cp850), PAGE("ibm852", cp852), LIBC("ibm855", "CP855"),
  LIBC("ibm857", "CP857"), LIBC("ibm858", "CP858"), LIBC("ibm860", "CP860"),
  LIBC("ibm861", "CP861"), LIBC("ibm862", "CP862"), LIBC("ibm863", "CP863"),
  LIBC("ibm864", "CP864"), LIBC("ibm865", "CP865"), PAGE("ibm866", ibm866),
  LIBC("ibm869", "CP869"), WIDE("iso10646ucs2", "UTF-16", 2),
  WIDE("iso10646ucs4", "UTF-32", 4), LIBC("iso2022cn", "ISO-2022-CN"),
  OWN("iso2022jp", JIS), LIBC("iso2022jp1", "ISO-2022-JP-1"),
  LIBC("iso2022jp2", "ISO-2022-JP-2"), OWN("iso2022jpms", JIS),
  LIBC("iso2022kr", "ISO-2022-KR"), OWN("iso6461991irv", UTF8),
  OWN("iso646irv1991", UTF8), OWN("iso646us", UTF8),
  PAGE("iso8859", windows1252), PAGE("iso88591", windows1252),
  PAGE("iso885910", iso8859_10), PAGE("iso885911", windows874),
  PAGE("iso885911987", windows1252), PAGE("iso885913", iso8859_13),
  PAGE("iso885914", iso8859_14), PAGE("iso885915", iso8859_15),
  PAGE("iso885916", iso8859_16), PAGE("iso88592", iso8859_2),
  PAGE("iso885921987", iso8859_2), PAGE("iso88593", iso8859_3),
  PAGE("iso885931988", iso8859_3), PAGE("iso88594", iso8859_4),
  PAGE("iso885941988", iso8859_4), PAGE("iso88595", iso8859_5),
  PAGE("iso885951988", iso8859_5), PAGE("iso88596", iso8859_6),
  PAGE("iso885961987", iso8859_6), PAGE("iso88596e", iso8859_6),
  PAGE("iso88596i", iso8859_6), PAGE("iso88597", iso8859_7),
  PAGE("iso885971987", iso8859_7), PAGE("iso88598", iso8859_8),
  PAGE("iso885981988", iso8859_8), PAGE("iso88598e", iso8859_8),
  PAGE("iso88598i", iso8859_8), PAGE("iso88599", windows1254),
  PAGE("iso885991989", windows1254), PAGE("isoir100", windows1252),
  PAGE("isoir101", iso8859_2), PAGE("isoir109", iso8859_3),
  PAGE("isoir110", iso8859_4), PAGE("isoir126", iso8859_7),
  PAGE("isoir127", iso8859_6), PAGE("isoir138", iso8859_8),
  PAGE("isoir144", iso8859_5), PAGE("isoir148", windows1254),
  LIBC("isoir149", "CP949"), PAGE("isoir157", iso8859_10),
  LIBC("isoir58", "GB18030"), OWN("isoir6", UTF8), OWN("jis", JIS),
  PAGE("koi", koi8_r), PAGE("koi8", koi8_r), PAGE("koi8r", koi8_r),
  PAGE("koi8ru", koi8_u), PAGE("koi8u", koi8_u), LIBC("korean", "CP949"),
  LIBC("ksc5601", "CP949"), LIBC("ksc56011987", "CP949"),
  LIBC("ksc56011989", "CP949"), LIBC("ksc56011992", "CP949"),
  LIBC("ksc5601992", "CP949"), LIBC("ksx1001", "CP949"),
  PAGE("l1", windows1252), PAGE("l10", iso8859_16), PAGE("l2", iso8859_2),
  PAGE("l3", iso8859_3), PAGE("l4", iso8859_4), PAGE("l5", windows1254),
  PAGE("l6", iso8859_10), PAGE("l7", iso8859_13), PAGE("l8", iso8859_14),
  PAGE("l9", iso8859_15), PAGE("latin0", iso8859_15),
  PAGE("latin1", windows1252), PAGE("latin10", iso8859_16),
  PAGE("latin2", iso8859_2), PAGE("latin3", iso8859_3),
  PAGE("latin4", iso8859_4), PAGE("latin5", windows1254),
  PAGE("latin6", iso8859_10), PAGE("latin7", iso8859_13),
  PAGE("latin8", iso8859_14), PAGE("latin9", iso8859_15),
  PAGE("logical", iso8859_8), PAGE("mac", macintosh),
  PAGE("maccyrillic", mac_cyrillic), PAGE("macintosh", macintosh),
  PAGE("macroman", macintosh), PAGE("macukrainian", mac_cyrillic),
  PAGE("ms1250", windows1250), PAGE("ms1251", windows1251),
  PAGE("ms1252", windows1252), PAGE("ms1253", windows1253),
  PAGE("ms1255", windows1255), PAGE("ms1256", windows1256),
  PAGE("ms1257", windows1257), PAGE("ms1258", windows1258),
  LIBC("ms932", "CP932"), LIBC("ms936", "GB18030"), LIBC("ms949", "CP949"),
  LIBC("ms950", "BIG5-HKSCS"), LIBC("mskanji", "CP932"), OWN("none", GUESS),
  OWN("null", GUESS), LIBC("shiftjis", "CP932"), LIBC("sjis", "CP932"),
  LIBC("tcvn", "TCVN"), LIBC("tcvn5712", "TCVN"), LIBC("tcvn57121993", "TCVN"),
  PAGE("tis620", windows874), PAGE("tis62025331", windows874),
  WIDE("ucs2", "UTF-16", 2), WIDE("ucs4", "UTF-32", 4), LIBC("uhc", "CP949"),
  LIBC("ujis", "EUC-JP"), OWN("undefined", GUESS), WIDE("unicode", "UTF-16", 2),
  LIBC("unicode11utf7", "UTF-7"), OWN("unicode11utf8", UTF8),
  LIBC("unicode20utf7", "UTF-7"), OWN("unicode20utf8", UTF8),
  WIDE("unicodebig", "UTF-16BE", 2), WIDE("unicodelittle", "UTF-16LE", 2),
  OWN("unknown", GUESS), OWN("unknown8bit", GUESS), OWN("us", UTF8),
  OWN("usascii", UTF8), WIDE("utf16", "UTF-16", 2),
  WIDE("utf16be", "UTF-16BE", 2), WIDE("utf16le", "UTF-16LE", 2),
  WIDE("utf32", "UTF-32", 4), WIDE("utf32be", "UTF-32BE", 4),
  WIDE("utf32le", "UTF-32LE", 4), LIBC("utf7", "UTF-7"), OWN("utf8mb4", UTF8), LIBC("viscii", "VISCII"), PAGE("visual", iso8859_8),
  PAGE("win1250", windows1250), PAGE("win1251", windows1251),
  PAGE("win1252", windows1252), PAGE("win1253", windows1253),
  PAGE("win1255", windows1255), PAGE("win1256", windows1256),
  PAGE("win1257", windows1257), PAGE("win1258", windows1258),
  PAGE("windows1250", windows1250), PAGE("windows1251", windows1251),
  PAGE("windows1252", windows1252), PAGE("windows1253", windows1253),
  PAGE("windows1254", windows1254), PAGE("windows1255", windows1255),
  PAGE("windows1256", windows1256), PAGE("windows1257", windows1257),
  PAGE("windows1258", windows1258), LIBC("windows31j", "CP932"),
  OWN("windows50220", JIS), OWN("windows50221", JIS),
  PAGE("windows874", windows874), LIBC("windows932", "CP932"),
  LIBC("windows936", "GB18030"), LIBC("windows949", "CP949"),
  LIBC("windows950", "BIG5-HKSCS"), PAGE("xansi", windows1252),
  LIBC("xbig5", "BIG5-HKSCS"), PAGE("xcp1250", windows1250),
  PAGE("xcp1251", windows1251), PAGE("xcp1252", windows1252),
  PAGE("xcp1253", windows1253), PAGE("xcp1254", windows1254),
  PAGE("xcp1255", windows1255), PAGE("xcp1256", windows1256),
  PAGE("xcp1257", windows1257), PAGE("xcp1258", windows1258),
  OWN("xdefault", GUESS), LIBC("xeuc", "EUC-JP"), LIBC("xeuccn", "GB18030"),
  LIBC("xeucjp", "EUC-JP"), LIBC("xeuctw", "EUC-TW"), LIBC("xgb", "GB18030"),
  LIBC("xgbk", "GB18030"), PAGE("xmaccyrillic", mac_cyrillic),
  PAGE("xmacroman", macintosh), PAGE("xmacukrainian", mac_cyrillic),
  LIBC("xsjis", "CP932"), LIBC("xunicode20utf7", "UTF-7"),
  OWN("xunicode20utf8", UTF8), OWN("xunknown", GUESS),
  PAGE("xwindows874", windows874), LIBC("xwindows949", "CP949"),
  LIBC("xxbig5", "BIG5-HKSCS")
};

static const struct mime_charset unnamed = OWN("", GUESS);

/* Nearly all that is decoded. It stands apart from the others, to be found at
** once: in a listing of encoded subjects that is 1 % of all. */
static const struct mime_charset utf8 = OWN("utf8", UTF8);

bool mime_key(struct imap_span name, char key[MIME_KEY_MAX]) {
  size_t used = 0;
  for (size_t i = 0; i < name.size && name.data[i] != '*'; i++) {
    char byte = imap_lower(name.data[i]);
    if (!(byte >= 'a' && byte <= 'z') && !(byte >= '0' && byte <= '9'))
      continue;
    if (used == MIME_KEY_MAX - 1) return false;
    key[used++] = byte;
  }
  key[used] = '\0';
  return true;
}

/* As strcmp() does, which nine calls of for each word would show in a listing. */
static int compare(const void *key, const void *charset) {
  const char *a = key, *b = ((const struct mime_charset *)charset)->key;
  while (*a == *b && *a != '\0') a++, b++;
  return *a - *b;
}

const struct mime_charset *mime_charset_find(struct imap_span name) {
  char key[MIME_KEY_MAX];
  if (imap_span_is(name, "UTF-8")) return &utf8;
  if (!mime_key(name, key)) return NULL;
  if (key[0] == '\0') return name.size == 0 ? &unnamed : NULL;
  if (compare(key, &utf8) == 0) return &utf8;
  return bsearch(key, charsets, sizeof charsets / sizeof charsets[0],
                 sizeof charsets[0], compare);
}
