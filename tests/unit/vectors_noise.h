// vectors_noise.h - public test vectors for Noise_XX_25519_ChaChaPoly_BLAKE2b.
//
// `cacophony`: vectors/cacophony.txt of the Haskell library cacophony (commit 36c1e5c3a799).
// `noise_c`: tests/vector/noise-c-basic.txt of noise-c (commit ec5de2ca65b0), which adds the handshake hash.
// Both use the same four keys; messages 1-3 are the handshake, 4-6 follow it, responder first.
#ifndef TESTS_UNIT_VECTORS_NOISE_H
#define TESTS_UNIT_VECTORS_NOISE_H

#define VECTOR_INIT_IDENTITY "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1"
#define VECTOR_INIT_ONE_TIME "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a"
#define VECTOR_RESP_IDENTITY "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893"
#define VECTOR_RESP_ONE_TIME "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b"
#define VECTOR_INIT_PUBLIC   "6bc3822a2aa7f4e6981d6538692b3cdf3e6df9eea6ed269eb41d93c22757b75a"
#define VECTOR_RESP_PUBLIC   "31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b8f62"

struct vector {
    const char *prologue;
    const char *handshake_hash; // NULL: not in the source
    struct {
        const char *payload, *ciphertext;
    } messages[6];
};

static const struct vector cacophony = {
    .prologue = "4a6f686e2047616c74",
    .messages =
        {{"4c756477696720766f6e204d69736573",
          "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79444c756477696720766f6e204d69736573"},
         {"4d757272617920526f746862617264",
          "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f1448088430505b6745ce64a5f33f0e8e3b83f11ce"
          "8802bca507f4f2d8b564dbe277e1966116e132faa2dfd70b8b077b9f94b913df5056ae1319469b824a98d54bbaa82c32"
          "5595587064f978c4b6d104f7596e6f"},
         {"462e20412e20486179656b",
          "99579e1c1ee15e422a57ddd6b16d37087b17558e8369c18991b4b2ca3a824abf904cdcf5458b5431a75af034ca9e9b98"
          "2de039eaaf156775e2d580cd4e5ebae89c3f8cb2594b556d8a8169"},
         {"4361726c204d656e676572", "fc56eea290b3f3a21aac0c70cd5787b5ee99be37d2f4d751329b55"},
         {"4a65616e2d426170746973746520536179",
          "bb31c9da10d5639a4cdb88a12f5c61de41bbc7df09bf75d94f8184fe4157f5c68f"},
         {"457567656e2042f6686d20766f6e2042617765726b",
          "f6199cadb152fb27f82be0a0891ec76a33598ae92a46cab2fb5a8ed5bf48b7f267f8370af7"}},
};

static const struct vector noise_c = {
    .prologue = "50726f6c6f677565313233",
    .handshake_hash = "7f6b8a1de1faf8b5e153ded74c950d09c5caf62a8e2eeb73277671d4e65ef9ca"
                      "2421a748a4af050284fa6f3eb40bb77f4ace99b7f3ea01db2953233a546a72d2",
    .messages =
        {{"4c756477696720766f6e204d69736573",
          "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79444c756477696720766f6e204d69736573"},
         {"4d757272617920526f746862617264",
          "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f1448088430505b6745ce64a5f33f0e8e3b83f11ce"
          "8802bca507f4f2d8b564dbe277e1966157671ea3b8853f41ae9fb01b5198b7355056ae1319469b824a98d54bbaa82c26"
          "4bbb329d7b104cdeeda568b40a097c"},
         {"462e20412e20486179656b",
          "99579e1c1ee15e422a57ddd6b16d37087b17558e8369c18991b4b2ca3a824abf55433b8625300437ffbe733f1c6cf40b"
          "2de039eaaf156775e2d58021e5d46b9cb99b280c73026b50f27736"},
         {"4361726c204d656e676572", "fc56eea290b3f3a21aac0c70cd5787b5ee99be37d2f4d751329b55"},
         {"4a65616e2d426170746973746520536179",
          "bb31c9da10d5639a4cdb88a12f5c61de41bbc7df09bf75d94f8184fe4157f5c68f"},
         {"457567656e2042f6686d20766f6e2042617765726b",
          "f6199cadb152fb27f82be0a0891ec76a33598ae92a46cab2fb5a8ed5bf48b7f267f8370af7"}},
};

#endif
