"""Names and passwords: hashes as libcrypt makes them, files of users, Authorization fields."""

import base64
import ctypes

CRYPT = ctypes.CDLL("libcrypt.so.1")
CRYPT.crypt.restype = ctypes.c_char_p
CRYPT.crypt.argtypes = [ctypes.c_char_p, ctypes.c_char_p]

MD5 = "$1$saltsalt$"  # quick
SHA512 = "$6$saltsaltsaltsalt$"
SETTINGS = (MD5, "$5$saltsaltsaltsalt$", SHA512, "$2a$04$abcdefghijklmnopqrstuu",
            "$2b$04$abcdefghijklmnopqrstuu", "$2y$04$abcdefghijklmnopqrstuu", "$y$j75$saltsaltsaltsalt$")


def slow(rounds):
    """A setting whose hashes take some 0.4 microseconds a round."""
    return f"$6$rounds={rounds}$saltsaltsaltsalt$"


def crypt(password, setting=MD5):
    made = CRYPT.crypt(password.encode(), setting.encode())
    assert made and made.startswith(setting[:3].encode()), (setting, made)
    return made.decode()


def file_of(path, users, setting=MD5):
    """Writes a file of users: a dictionary of passwords by name. Returns the path."""
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"{name}:{crypt(password, setting)}\n" for name, password in users.items())
    return path


def login(name, password):
    """The field as a pair, for request()."""
    return "Authorization", "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
