"""Header, section table and sections."""
import struct
import zlib

MAGIC = b"\x89NSM\r\n\x1a\n"
PER_NETWORK = ["NETW", "TENS", "OPER", "WDEN", "WNCS", "WBIN", "REQT", "TEST", "DETC"]
OPTIONAL = {"WDEN", "WNCS", "WBIN", "REQT", "DETC"}
FEATURE_NESTED = 1
FEATURE_NARROW_TABLES = 2
FEATURE_RICE = 4
FEATURE_STAGES = 8
FEATURE_BINARY = 16
FEATURE_GATED = 32
FEATURE_DETECTOR = 64
KNOWN_FEATURES = FEATURE_NESTED | FEATURE_NARROW_TABLES | FEATURE_RICE | FEATURE_STAGES | FEATURE_BINARY | FEATURE_GATED | FEATURE_DETECTOR
NOWHERE = 0xFFFF


class BadFile(Exception):
    pass


def require(condition, message):
    if not condition:
        raise BadFile(message)


def align(value, to):
    return (value + to - 1) // to * to


def zero(data):
    return not any(data)


def read_container(data):
    """Header fields and the list of sections, each a dict with its bytes."""
    require(len(data) >= 64, f"{len(data)} bytes do not hold a header")
    require(data[:8] == MAGIC, "magic: this is no packed model, or it was transferred as text")
    major, minor, size, required, optional, count, networks, arena = struct.unpack_from("<HHIIIHHI", data, 8)
    require(major == 1, f"major version {major}, 1 expected")
    table_crc, header_crc = struct.unpack_from("<II", data, 56)
    require(zlib.crc32(data[:60]) == header_crc, "header: CRC differs")
    require(size == len(data), f"header: {size} bytes, the file has {len(data)}")
    require(zero(data[32:56]), "header: reserved bytes are not zero")
    require(required & ~KNOWN_FEATURES == 0, f"header: unknown required features {required:#x}")
    require(1 <= count <= 256, f"header: {count} sections")
    require(1 <= networks <= 16, f"header: {networks} networks")
    table_end = 64 + 32 * count
    require(table_end <= size, "section table: beyond the end of the file")
    require(zlib.crc32(data[64:table_end]) == table_crc, "section table: CRC differs")
    sections, end = [], table_end
    for i in range(count):
        name = f"section {i}"
        kind, offset, length, crc, network = struct.unpack_from("<4sIIIH", data, 64 + 32 * i)
        require(zero(data[64 + 32 * i + 18:64 + 32 * i + 32]), f"{name}: reserved bytes are not zero")
        kind = kind.decode("ascii", "replace")
        require(kind in ("META", "STGS") or kind in PER_NETWORK, f"{name}: unknown type {kind!r}")
        require(length >= 1, f"{name}: empty")
        require(offset == align(end, 32), f"{name}: at {offset}, {align(end, 32)} expected")
        require(offset + length <= size, f"{name}: beyond the end of the file")
        require(zero(data[end:offset]), f"{name}: the padding before it is not zero")
        sections.append({"type": kind, "network": network, "offset": offset, "data": data[offset:offset + length], "crc": crc})
        end = offset + length
    require(size == align(end, 32), f"header: {size} bytes, the sections end at {align(end, 32)}")
    require(zero(data[end:]), "the padding at the end is not zero")
    for section in sections:
        require(zlib.crc32(section["data"]) == section["crc"], f"section {section['type']} at {section['offset']:#x}: CRC differs")
    found = [(s["type"], s["network"]) for s in sections]
    wanted = [("META", NOWHERE)] + [(kind, n) for n in range(networks) for kind in PER_NETWORK
                                    if kind not in OPTIONAL or (kind, n) in found]
    wanted += [("STGS", NOWHERE)] if required & FEATURE_STAGES else []
    require(found == wanted, f"section table: {found}, {wanted} expected")
    require(bool(required & FEATURE_NESTED) == any(s["type"] == "WNCS" for s in sections),
            "header: feature bit 0 and the presence of WNCS disagree")
    require(bool(required & FEATURE_DETECTOR) == any(s["type"] == "DETC" for s in sections),
            "header: feature bit 6 and the presence of DETC disagree")
    header = {"major": major, "minor": minor, "file_bytes": size, "required_features": required,
              "optional_features": optional, "arena_bytes": arena, "networks": networks}
    return header, sections
