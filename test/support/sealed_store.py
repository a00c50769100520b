"""What is sealed in a control plane's store.db, opened and sealed by the format of controlplane/vault/vault.h with libcrypto alone.

    store = SealedStore(state_dir)
    keys = store.ticket_keys()
"""
import base64
import contextlib
import ctypes
import ctypes.util
import hashlib
import os
import sqlite3

MAGIC = b"\0psv\1"
HEADER, NONCE, TAG = 13, 12, 16
_GET_TAG, _SET_TAG = 0x10, 0x11

_crypto = ctypes.CDLL(ctypes.util.find_library("crypto"))
for _name in ("EVP_CIPHER_CTX_new", "EVP_aes_256_gcm"):
    getattr(_crypto, _name).restype = ctypes.c_void_p


def _gcm(key, nonce, header, name, text, tag=None):
    """(text, tag): sealed without TAG, opened with it."""
    context = ctypes.c_void_p(_crypto.EVP_CIPHER_CTX_new())
    size = ctypes.c_int()
    out, made = ctypes.create_string_buffer(len(text) or 1), ctypes.create_string_buffer(tag or b"", TAG)
    try:
        done = [_crypto.EVP_CipherInit_ex(context, ctypes.c_void_p(_crypto.EVP_aes_256_gcm()), None, key, nonce, 0 if tag else 1)]
        for part in (header, name):
            done.append(_crypto.EVP_CipherUpdate(context, None, ctypes.byref(size), part, len(part)))
        if text:
            done.append(_crypto.EVP_CipherUpdate(context, out, ctypes.byref(size), text, len(text)))
        if tag:
            done.append(_crypto.EVP_CIPHER_CTX_ctrl(context, _SET_TAG, TAG, made))
        done.append(_crypto.EVP_CipherFinal_ex(context, ctypes.create_string_buffer(TAG), ctypes.byref(size)))
        if not tag:
            done.append(_crypto.EVP_CIPHER_CTX_ctrl(context, _GET_TAG, TAG, made))
    finally:
        _crypto.EVP_CIPHER_CTX_free(context)
    assert all(one == 1 for one in done), "it is not what was sealed"
    return out.raw[:len(text)], made.raw


def read_keys(path):
    """Those of a key file in base64, by their ids, the one that seals first."""
    with open(path) as file:
        lines = [line.split("#")[0].strip() for line in file]
    keys = [base64.b64decode(line) for line in lines if line]
    return {hashlib.sha256(key).digest()[:8]: key for key in keys}


def name_of(table, *row):
    return table.encode() + b"".join(b" %d:%s" % (len(part), part) for part in (str(part).encode() for part in row))


class SealedStore:
    """Of a control plane that does not write meanwhile."""

    def __init__(self, state_dir, key_file=None):
        self.path = os.path.join(state_dir, "store.db")
        self.keys = read_keys(key_file or os.path.join(state_dir, "store.key"))

    def open(self, sealed, name):
        assert sealed.startswith(MAGIC), sealed[:HEADER]
        nonce = sealed[HEADER:HEADER + NONCE]
        return _gcm(self.keys[sealed[5:HEADER]], nonce, sealed[:HEADER], name, sealed[HEADER + NONCE:-TAG], sealed[-TAG:])[0]

    def seal(self, value, name):
        identity, key = next(iter(self.keys.items()))
        header, nonce = MAGIC + identity, os.urandom(NONCE)
        text, tag = _gcm(key, nonce, header, name, value)
        return header + nonce + text + tag

    def query(self, sql, *values):
        with contextlib.closing(sqlite3.connect(self.path)) as store:
            rows = store.execute(sql, values).fetchall()
            store.commit()
        return rows

    def ticket_keys(self):
        ((sealed,),) = self.query("SELECT value FROM rollout WHERE name = 'ticket-keys'")
        return self.open(sealed, name_of("rollout", "ticket-keys"))

    def put_ticket_keys(self, value):
        self.query("UPDATE rollout SET value = ? WHERE name = 'ticket-keys'", self.seal(value, name_of("rollout", "ticket-keys")))

    def secrets(self):
        """(name, generation, bytes) of every stored version of every Secret."""
        rows = self.query("SELECT grp, kind, ns, name, generation, bytes FROM versions WHERE kind = 'Secret' AND bytes IS NOT NULL")
        return [(row[3], row[4], self.open(row[5], name_of("versions", *row[:5]))) for row in rows]
