// OpenSSL 3: what exists only as a macro or is variadic, and one BIO whose writes are datagrams.
#ifndef MESHCAM_COPENSSL_SHIM_H
#define MESHCAM_COPENSSL_SHIM_H

#include <string.h>
#include <sys/time.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/srtp.h>
#include <openssl/x509.h>

static inline EVP_PKEY *meshcam_p256_key(void) { return EVP_EC_gen("P-256"); }
static inline void meshcam_ssl_set_mtu(SSL *ssl, long mtu) {
    SSL_set_options(ssl, SSL_OP_NO_QUERY_MTU);
    DTLS_set_link_mtu(ssl, mtu);
}
static inline int meshcam_dtls_timeout(SSL *ssl, struct timeval *left) { return (int)DTLSv1_get_timeout(ssl, left); }
static inline long meshcam_dtls_handle_timeout(SSL *ssl) { return DTLSv1_handle_timeout(ssl); }
static inline void meshcam_ctx_dtls12(SSL_CTX *ctx) {
    SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
}
static inline int meshcam_ssl_curves(SSL *ssl, const char *names) { return (int)SSL_set1_groups_list(ssl, names); }
static inline void meshcam_ssl_no_query_mtu(SSL *ssl) { SSL_set_options(ssl, SSL_OP_NO_QUERY_MTU); }

// One datagram in, any number out, as OpenSSL sees a UDP socket. A reader that finds nothing is told to try again.
static inline void meshcam_bio_want_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void meshcam_bio_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }

static const int meshcam_BIO_TYPE = BIO_TYPE_SOURCE_SINK;
static const int meshcam_BIO_CTRL_FLUSH = BIO_CTRL_FLUSH;
static const int meshcam_BIO_CTRL_PENDING = BIO_CTRL_PENDING;
static const int meshcam_BIO_CTRL_DGRAM_QUERY_MTU = BIO_CTRL_DGRAM_QUERY_MTU;
static const int meshcam_BIO_CTRL_DGRAM_GET_MTU_OVERHEAD = BIO_CTRL_DGRAM_GET_MTU_OVERHEAD;

#endif
