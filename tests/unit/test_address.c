// test_address.c - numeric addresses: read what people write, write what RFC 5952 asks for.
#include "proto/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>

#include <cmocka.h>

#include "tests/unit/support_records.h"

static void addresses_are_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *text, *printed;
    } cases[] = {
        {"1.2.3.4:5289", "1.2.3.4:5289"},
        {"1.2.3.4", "1.2.3.4:77"},
        {"0.0.0.0:0", "0.0.0.0:0"},
        {"255.255.255.255:65535", "255.255.255.255:65535"},
        {"[::1]:5289", "[::1]:5289"},
        {"[::1]", "[::1]:77"},
        {"::1", "[::1]:77"},
        {"::", "[::]:77"},
        {"[2001:DB8:0:0:0:0:0:1]:1", "[2001:db8::1]:1"},
        {"2001:db8::0001", "[2001:db8::1]:77"},
        {"1:2:3:4:5:6:7:8", "[1:2:3:4:5:6:7:8]:77"},
        {"1::8", "[1::8]:77"},
        {"1:2:3:4:5:6:7::", "[1:2:3:4:5:6:7:0]:77"},
        {"::2:3:4:5:6:7:8", "[0:2:3:4:5:6:7:8]:77"},
        {"2001:db8:0:0:1:0:0:1", "[2001:db8::1:0:0:1]:77"},    // the first of two runs as long
        {"2001:0:0:1:0:0:0:1", "[2001:0:0:1::1]:77"},          // the longer run
        {"2001:db8:0:1:1:1:1:1", "[2001:db8:0:1:1:1:1:1]:77"}, // a lone zero stays
        {"fe80::", "[fe80::]:77"},
        {"::ffff:192.0.2.1", "[::ffff:192.0.2.1]:77"},
        {"::ffff:c000:201", "[::ffff:192.0.2.1]:77"},
        {"64:ff9b::192.0.2.33", "[64:ff9b::c000:221]:77"},
        {"1:2:3:4:5:6:1.2.3.4", "[1:2:3:4:5:6:102:304]:77"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct address address;
        char printed[ADDRESS_TEXT_ROOM];
        if (!address_parse(cases[i].text, 77, &address))
            fail_msg("%s is refused", cases[i].text);
        address_print(&address, printed);
        assert_string_equal(printed, cases[i].printed);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        ":",
        "localhost",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "01.2.3.4",
        "1.2.3.4:",
        "1.2.3.4:65536",
        "1.2.3.4:05",
        "1.2.3.4:+5",
        "1.2.3.4 ",
        " 1.2.3.4",
        "1.2.3.4:80x",
        "1.2.3.4]",
        "[1.2.3.4]:80",
        "1..3.4",
        "-1.2.3.4",
        "[::1",
        "::1]",
        "[::1]5",
        "[::1]:",
        "[::1]:x",
        "[]",
        "[",
        ":::",
        "1:::2",
        "::1::",
        "1::2::3",
        ":1",
        "1:",
        "1:2",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8",
        "12345::",
        "g::",
        "::g",
        "fe80::1%eth0",
        "1.2.3.4::",
        "::1.2.3.4:5",
        "::1.2.3",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::1.2.3.04",
        "0x1.2.3.4",
        "1:2:3:4:5:1.2.3.4",
        "::1:",
        "[1::]::80",
        "1:2:3:4:5:6:7:8:80",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct address address = {.port = 9};
        if (address_parse(bad[i], 77, &address))
            fail_msg("\"%s\" is accepted", bad[i]);
        assert_int_equal(address.port, 9);
    }
}

// The C library is the oracle here; the layer below node/io may not call it.
static void ipv6_agrees_with_the_c_library(void **state)
{
    (void)state;
    uint64_t random = 5289;
    for (int i = 0; i < 20000; i++) {
        struct address address = {.ip_size = 16, .port = 1}, again;
        for (size_t j = 0; j < 16; j += 2) { // many zero groups
            uint64_t number = support_random(&random);
            address.ip[j] = number & 3 ? 0 : (uint8_t)(number >> 8);
            address.ip[j + 1] = number & 12 ? 0 : (uint8_t)(number >> 16);
        }
        char printed[ADDRESS_TEXT_ROOM], theirs[INET6_ADDRSTRLEN], wanted[ADDRESS_TEXT_ROOM];
        static const uint8_t zero[12];
        address_print(&address, printed);
        assert_true(address_parse(printed, 0, &again) && address_equal(&address, &again));
        if (memcmp(address.ip, zero, sizeof zero) == 0)
            continue; // the library writes ::1.2.3.4, a form RFC 5952 leaves to known prefixes
        inet_ntop(AF_INET6, address.ip, theirs, sizeof theirs);
        snprintf(wanted, sizeof wanted, "[%s]:1", theirs);
        assert_string_equal(printed, wanted);
    }
}

static void parsing_agrees_with_the_c_library(void **state)
{
    (void)state;
    static const char letters[] = "0123456789abcdef::::....::::";
    uint64_t random = 1;
    unsigned accepted = 0;
    for (int i = 0; i < 200000; i++) {
        char text[24];
        size_t size = 2 + support_random(&random) % 14;
        for (size_t j = 0; j < size; j++)
            text[j] = letters[support_random(&random) % (sizeof letters - 1)];
        text[size] = 0;
        uint8_t theirs[16];
        struct address ours;
        bool is_theirs = inet_pton(AF_INET6, text, theirs) == 1;
        bool is_ours = address_parse(text, 1, &ours) && ours.ip_size == 16;
        if (is_theirs != is_ours || (is_ours && memcmp(theirs, ours.ip, 16) != 0))
            fail_msg("%s: %d, the library says %d", text, is_ours, is_theirs);
        accepted += is_ours;
    }
    assert_true(accepted > 1000);
}

static void equal_means_all_of_it(void **state)
{
    (void)state;
    struct address a, b;
    assert_true(address_parse("1.2.3.4:5", 0, &a) && address_parse("1.2.3.4:6", 0, &b));
    assert_false(address_equal(&a, &b));
    b.port = 5;
    assert_true(address_equal(&a, &b));
    assert_true(address_parse("[::102:304]:5", 0, &b));
    assert_false(address_equal(&a, &b));
}

static void unicast_reaches_one_machine(void **state)
{
    (void)state;
    static const char *const one[] = {"127.0.0.1", "10.0.0.255", "223.255.255.255",
                                      "::1",       "fe80::1",    "2001:db8::"};
    static const char *const many[] = {"0.0.0.0",         "::",     "224.0.0.1", "239.1.2.3",
                                       "255.255.255.255", "ff02::1"};
    struct address address = {0};
    assert_false(address_is_unicast(&address));
    for (size_t i = 0; i < COUNT_OF(one); i++)
        assert_true(address_parse(one[i], 1, &address) && address_is_unicast(&address));
    for (size_t i = 0; i < COUNT_OF(many); i++)
        assert_true(address_parse(many[i], 1, &address) && !address_is_unicast(&address));
}

static void no_address_is_none(void **state)
{
    (void)state;
    char printed[ADDRESS_TEXT_ROOM];
    address_print(&(struct address){0}, printed);
    assert_string_equal(printed, "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_and_written),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(ipv6_agrees_with_the_c_library),
        cmocka_unit_test(parsing_agrees_with_the_c_library),
        cmocka_unit_test(equal_means_all_of_it),
        cmocka_unit_test(unicast_reaches_one_machine),
        cmocka_unit_test(no_address_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
