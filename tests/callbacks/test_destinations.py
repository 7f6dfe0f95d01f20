"""Where a callback's URL leads, and which addresses may be called."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.destinations import Destinations, Forbidden, NotCallable, Target

BANNED_4 = (
    *("169.254.0.0/16", "100.100.100.200/32", "192.0.0.192/32", "168.63.129.16/32"),
    *("0.0.0.0/32", "224.0.0.0/4", "255.255.255.255/32"),
)
BANNED_6 = ("fe80::/10", "fd00:ec2::254/128", "fd20:ce::254/128", "::/128", "ff00::/8")
FORMS = (
    lambda number: 0xFFFF << 32 | number,
    lambda number: number,
    lambda number: 0xFFFF << 48 | number,
    lambda number: 0x0064_FF9B << 96 | number,
    lambda number: 0x0064_FF9B_0001 << 80 | number,
    lambda number: 0x2002 << 112 | number << 80 | 1,
    lambda number: 0x2001 << 112 | number << 64,
    lambda number: 0x2001 << 112 | 0x0A00_0001 << 64 | number ^ 0xFFFF_FFFF,
    lambda number: 0x2001_0DB8 << 96 | 0x5EFE << 32 | number,
    lambda number: 0x2001_0DB8 << 96 | 0x0200_5EFE << 32 | number,
)
"""IPv6 addresses with an IPv4 one inside: mapped, compatible, translated, NAT64 (2), 6to4, Teredo (2), ISATAP (2)."""


def refusal(destinations: Destinations, host: str, *addresses: str) -> str:
    with pytest.raises(Forbidden) as caught:
        destinations.choose(host, addresses or [host])
    return str(caught.value)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_always_allowed(address: str) -> None:
    """In every way to write it."""
    assert Destinations().choose(address, [address]) == [address]
    assert Destinations().choose("receiver.test", [address]) == [address]


def test_other_address_is_refused_with_the_option_that_allows_it() -> None:
    """For an address the address, for a name the name."""
    assert refusal(Destinations(), "10.0.0.7") == "10.0.0.7 is not loopback; --callback-hosts 10.0.0.7 allows it"
    assert refusal(Destinations(), "receiver.test", "10.0.0.7") == (
        "receiver.test resolves to 10.0.0.7, which is not loopback; --callback-hosts receiver.test allows it"
    )


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("receiver.test", "10.0.0.7"),
        ("fd00::7", "fd00::7"),
        ("receiver.test", "fd00::7"),
        ("receiver.test", "::ffff:10.0.0.7"),
    ],
)
def test_the_named_option_allows_it(host: str, address: str) -> None:
    """What a refusal says is true."""
    entry = refusal(Destinations(), host, address).partition("--callback-hosts ")[2].partition(" ")[0]
    assert Destinations([entry]).choose(host, [address]) == [address]


@pytest.mark.parametrize(
    ("entry", "host", "address"),
    [
        ("10.0.0.7", "10.0.0.7", "10.0.0.7"),
        ("10.0.0.7", "receiver.test", "10.0.0.7"),
        ("10.0.0.7", "receiver.test", "::ffff:10.0.0.7"),
        ("fd00::7", "fd00::7", "fd00::7"),
        ("[fd00::7]", "fd00::7", "fd00::7"),
        ("FD00:0::7", "receiver.test", "fd00::7"),
        ("10.0.0.0/8", "10.9.8.7", "10.9.8.7"),
        ("10.0.0.0/8", "receiver.test", "::ffff:10.9.8.7"),
        ("fd00::/8", "fd12::1", "fd12::1"),
        ("receiver.test", "receiver.test", "10.0.0.7"),
        ("Receiver.Test.", "receiver.test", "10.0.0.7"),
        ("receiver.test", "RECEIVER.test.", "10.0.0.7"),
        ("my_service", "my_service", "172.18.0.3"),
        ("*.test", "a.test", "10.0.0.7"),
        ("*.test", "a.b.test", "10.0.0.7"),
        ("bücher.example", "xn--bcher-kva.example", "10.0.0.7"),
        ("*", "8.8.8.8", "8.8.8.8"),
        ("*", "receiver.test", "2001:db8::1"),
    ],
)
def test_what_is_allowed_may_be_called(entry: str, host: str, address: str) -> None:
    """Addresses, networks, names, subdomains, everything."""
    assert Destinations([entry]).choose(host, [address]) == [address]


@pytest.mark.parametrize(
    ("entry", "host", "address"),
    [
        ("10.0.0.7", "10.0.0.8", "10.0.0.8"),
        ("10.0.0.0/8", "11.0.0.1", "11.0.0.1"),
        ("receiver.test", "10.0.0.7", "10.0.0.7"),
        ("receiver.test", "a.receiver.test", "10.0.0.7"),
        ("receiver.test", "areceiver.test", "10.0.0.7"),
        ("*.test", "test", "10.0.0.7"),
        ("*.test", "receiver.test.example", "10.0.0.7"),
        ("*.receiver.test", "areceiver.test", "10.0.0.7"),
    ],
)
def test_what_is_not_allowed_may_not(entry: str, host: str, address: str) -> None:
    """An entry allows what it says and nothing like it."""
    assert "is not loopback" in refusal(Destinations([entry]), host, address)


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        ("http://receiver.test", "without a scheme"),
        ("receiver.test:9000", "without a port"),
        ("10.0.0.7:9000", "without a port"),
        ("[fd00::7]:9000", "without a port"),
        ("receiver.test/path", "no paths"),
        ("10.0.0.0/33", "takes networks"),
        ("10.0.0.1/8", r"bits set beyond its prefix: --callback-hosts takes 10\.0\.0\.0/8"),
        ("10.0.0.256", "takes addresses"),
        ("127.1", "takes addresses"),
        ("0x7f000001", "takes addresses"),
        ("", "takes addresses"),
        ("*.", "takes addresses"),
        ("**", "takes addresses"),
        ("a.*.test", "takes addresses"),
        ("[receiver.test]", "takes addresses"),
        ("[10.0.0.7]", "takes addresses"),
        ("a b", "takes addresses"),
        (" 10.0.0.7", "takes addresses"),
        ("a..b", "takes addresses"),
        ("a@b", "takes addresses"),
        ("x" * 300, "takes addresses"),
        ("ü" * 64, "takes addresses"),
    ],
)
def test_other_entry_is_an_error(entry: str, rule: str) -> None:
    """The text names the entry and the rule."""
    with pytest.raises(ValueError, match=rule) as caught:
        Destinations([entry])
    assert repr(entry) in str(caught.value)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("169.254.169.254", "169.254.169.254 is link-local and never called"),
        ("fe80::1", "fe80::1 is link-local and never called"),
        ("fe80::1%eth0", "fe80::1%eth0 is link-local and never called"),
        ("100.100.100.200", "100.100.100.200 is a cloud's metadata address and never called"),
        ("fd00:ec2::254", "fd00:ec2::254 is a cloud's metadata address and never called"),
        ("0.0.0.0", "0.0.0.0 is unspecified and never called"),
        ("::", ":: is unspecified and never called"),
        ("224.0.0.1", "224.0.0.1 is a multicast address and never called"),
        ("ff02::1", "ff02::1 is a multicast address and never called"),
        ("255.255.255.255", "255.255.255.255 is the broadcast address and never called"),
        (
            "64:ff9b::a9fe:a9fe",
            "64:ff9b::a9fe:a9fe carries 169.254.169.254, which is link-local and never called",
        ),
    ],
)
def test_banned_address_is_never_called(address: str, words: str) -> None:
    """Not even when everything, the address itself, its network or its name is allowed."""
    allowed = ["*", address, "receiver.test", "169.254.0.0/16", "0.0.0.0/0", "::/0"]
    assert refusal(Destinations(allowed), address) == words
    assert refusal(Destinations(allowed), "receiver.test", address).endswith("never called")


def test_allowed_addresses_of_a_name_are_chosen_in_order() -> None:
    """The others are left out."""
    found = ["10.0.0.7", "::1", "169.254.169.254", "127.0.0.1"]
    assert Destinations().choose("receiver.test", found) == ["::1", "127.0.0.1"]
    assert Destinations(["receiver.test"]).choose("receiver.test", found) == ["10.0.0.7", "::1", "127.0.0.1"]


def test_refusal_names_an_address_that_an_option_would_allow() -> None:
    """Rather than one for which there is no option."""
    words = refusal(Destinations(), "receiver.test", "169.254.169.254", "10.0.0.7")
    assert words.startswith("receiver.test resolves to 10.0.0.7,")


def test_host_without_a_usable_address_is_refused() -> None:
    """One that has none, and one with something that is no address."""
    with pytest.raises(Forbidden, match=r"^receiver\.test has no address$"):
        Destinations(["*"]).choose("receiver.test", [])
    assert "is not an address" in refusal(Destinations(["*"]), "receiver.test", "/tmp/socket")


def test_zone_of_an_address_is_left_out() -> None:
    """It means nothing outside link-local addresses."""
    assert Destinations().choose("receiver.test", ["::1%lo"]) == ["::1"]


def is_banned(text: str) -> bool:
    address = ip_address(text)
    if isinstance(address, IPv4Address):
        return any(address in ip_network(network) for network in BANNED_4)
    if any(address in ip_network(network) for network in BANNED_6):
        return True
    banned = [number for network in BANNED_4 for number in (int(ip_network(network)[0]), int(ip_network(network)[-1]))]
    return any(int(address) == form(number) for form in FORMS for number in banned)


hosts = st.sampled_from(["receiver.test", "10.0.0.7", "*", "*.test", "0.0.0.0/0", "::/0"])
four = st.one_of(
    st.ip_addresses(v=4),
    *(st.ip_addresses(network=network) for network in BANNED_4),
    st.sampled_from([IPv4Address("10.0.0.7"), IPv4Address("127.0.0.1")]),
)
six = st.one_of(
    st.ip_addresses(v=6),
    *(st.ip_addresses(network=network) for network in BANNED_6),
    st.builds(lambda form, address: IPv6Address(form(int(address))), st.sampled_from(FORMS), four),
)
addresses = st.one_of(four, six).map(str)


@given(st.lists(st.one_of(hosts, addresses)), st.sampled_from(["receiver.test", "a.test"]), st.lists(addresses))
def test_no_banned_address_is_ever_chosen(allowed: list[str], host: str, found: list[str]) -> None:
    """Whatever is allowed; and what is chosen was among what was found, in its order."""
    try:
        chosen = Destinations(allowed).choose(host, found)
    except Forbidden:
        chosen = []
    assert [address for address in chosen if is_banned(address)] == []
    assert chosen == [address for address in found if address in chosen]


@pytest.mark.parametrize("form", FORMS)
@given(banned=st.one_of(*(st.ip_addresses(network=network) for network in BANNED_4)))
def test_ipv6_address_that_carries_a_banned_one_is_never_chosen(form: object, banned: IPv4Address) -> None:
    """Though everything is allowed."""
    assert callable(form)
    address = str(IPv6Address(form(int(banned))))
    if banned != IPv4Address(0) or form is FORMS[0]:
        assert "never called" in refusal(Destinations(["*"]), "receiver.test", address)


@given(st.text(max_size=40))
def test_entry_is_taken_or_refused_in_words(entry: str) -> None:
    """Never another exception."""
    words = ""
    try:
        Destinations([entry])
    except ValueError as error:
        words = str(error)
    assert not words or "--callback-hosts takes" in words


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port", "authority", "path"),
    [
        ("http://receiver.test", "http", "receiver.test", 80, b"receiver.test", b"/"),
        ("HTTPS://Receiver.Test/", "https", "receiver.test", 443, b"Receiver.Test", b"/"),
        ("http://receiver.test.:8080/a", "http", "receiver.test", 8080, b"receiver.test.:8080", b"/a"),
        ("http://receiver.test:80/a?b=%2F&c=d#e?f", "http", "receiver.test", 80, b"receiver.test:80", b"/a?b=%2F&c=d"),
        ("http://receiver.test?b", "http", "receiver.test", 80, b"receiver.test", b"/?b"),
        ("http://receiver.test:/", "http", "receiver.test", 80, b"receiver.test", b"/"),
        ("http://[::1]:9000/", "http", "::1", 9000, b"[::1]:9000", b"/"),
        ("http://[0:0:0:0:0:0:0:1]/", "http", "::1", 80, b"[::1]", b"/"),
        ("http://[fe80::1%25eth0]/", "http", "fe80::1%eth0", 80, b"[fe80::1]", b"/"),
        (
            "http://bücher.example/ü ü",
            "http",
            "xn--bcher-kva.example",
            80,
            b"xn--bcher-kva.example",
            b"/%C3%BC%20%C3%BC",
        ),
        ("http://１２７.0.0.1/", "http", "127.0.0.1", 80, b"127.0.0.1", b"/"),
        ("http://h/a\r\nx: y\0\x7f", "http", "h", 80, b"h", b"/a%0D%0Ax:%20y%00%7F"),
        ("http://h/{a}|\\^`<>\"'%zz", "http", "h", 80, b"h", b"/{a}|\\^`<>\"'%zz"),
        ("http://h/user@host:80//x", "http", "h", 80, b"h", b"/user@host:80//x"),
    ],
)
def test_url_is_read(url: str, scheme: str, host: str, port: int, authority: bytes, path: bytes) -> None:
    """The target as it stands, safe to send."""
    assert Target.of(url) == Target(scheme, host, port, authority, path)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "it must begin with"),
        ("receiver.test/hook", "it must begin with"),
        ("ftp://receiver.test/", "it must begin with"),
        ("file:///etc/passwd", "it must begin with"),
        ("http:receiver.test", "it must begin with"),
        (" http://receiver.test/", "it must begin with"),
        ("ht\ntp://receiver.test/", "it must begin with"),
        ("http:///x", "it names no host"),
        ("http://", "it names no host"),
        ("http://:80/", "it names no host"),
        ("http://host:99999/", "the port must be"),
        ("http://host:0/", "the port must be"),
        ("http://host:-1/", "the port must be"),
        ("http://host:８０/", "the port must be"),
        ("http://host:" + "9" * 5_000, "the port must be"),
        ("http://host:80\r\nx: y/", "the port must be"),
        ("http://host:80:81/", "the port must be"),
        ("http://[::::]/", "'[::::]' is not an IPv6 address"),
        ("http://[127.0.0.1]/", "is not an IPv6 address"),
        ("http://[v1.x]/", "is not an IPv6 address"),
        ("http://[::1%\r\nx]/", "is not an IPv6 address"),
        ("http://[::1%]/", "is not an IPv6 address"),
        ("http://[]/", "is not an IPv6 address"),
        ("http://[::1/", "is not a host with or without a port"),
        ("http://::1/", "it names no host"),
        ("http://[::1]x/", "is not a host with or without a port"),
        ("http://ho st/", "is not a host name"),
        ("http://host\r\nx: y/", "the port must be"),
        ("http://host\r\nx/", "is not a host name"),
        ("http://host\0/", "is not a host name"),
        ("http://127.0.0.1\\.evil.test/", "is not a host name"),
        ("http://%31.test/", "is not a host name"),
        ("http://a..b/", "is not a host name"),
        ("http://.", "is not a host name"),
        ("http://" + "a" * 64 + ".test/", "is not a host name"),
        ("http://" + "a." * 2_500, "is not a host name"),
        ("http://" + "ü" * 5_000, "is not a host name"),
        ("http://\ud800/", "is not a host name"),
        ("http://host/\ud800", "half of a surrogate pair"),
    ],
)
def test_url_that_cannot_be_called_is_refused(url: str, words: str) -> None:
    """In words, and not at length."""
    with pytest.raises(NotCallable) as caught:
        Target.of(url)
    text = str(caught.value)
    assert text.startswith("not a URL that can be called: ")
    assert words in text
    assert text.isprintable()
    assert len(text) < 200


@pytest.mark.parametrize(
    "url", ["http://user:pw@host/", "http://@host/", "http://127.0.0.1:80@evil.test/", "http://a\\@b/"]
)
def test_url_with_user_and_password_is_refused(url: str) -> None:
    """They are neither sent nor left out."""
    with pytest.raises(NotCallable, match=r"^a replyUrl with user and password is not called$"):
        Target.of(url)


@given(
    st.one_of(st.text(max_size=60), st.text(max_size=60).map("http://{}".format), st.text().map("http://h/{}".format))
)
def test_any_url_is_read_or_refused(url: str) -> None:
    """What is sent of it holds neither spaces nor control characters."""
    try:
        target = Target.of(url)
    except NotCallable:
        return
    assert all(0x21 <= byte <= 0x7E for byte in target.path + target.authority)
