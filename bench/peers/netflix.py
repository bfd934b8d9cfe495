"""The method of "Detecting Credential Compromise in AWS" (Will Bengtson, Black Hat USA 2018)
in Python, as we read the talk; the code is ours. The first address from which an assumed
role's session calls is noted; a call of the session from another address is reported.
Calls that AWS makes and private addresses are left out, as the talk does.

    python3 netflix.py FOLDER    # searches *.json.gz below FOLDER; a line a finding
"""

import glob
import gzip
import ipaddress
import json
import os
import sys


def is_public(address):
    """Tells whether an address says where a caller is."""
    try:
        return not ipaddress.ip_address(address).is_private
    except ValueError:
        return False


def session_of(event):
    """Gives the key and ARN of an assumed role's session, or nothing."""
    identity = event.get("userIdentity", {})
    if identity.get("type") != "AssumedRole" or "invokedBy" in identity:
        return None
    key = identity.get("accessKeyId", "")
    return (key, identity.get("arn")) if key.startswith("ASIA") else None


def main(folder):
    first = {}
    events = 0
    for path in sorted(glob.glob(os.path.join(folder, "**", "*.json.gz"), recursive=True)):
        with gzip.open(path) as f:
            records = json.load(f)["Records"]
        for event in records:
            events += 1
            session, address = session_of(event), event.get("sourceIPAddress", "")
            if session is None or address.endswith(".amazonaws.com"):
                continue
            known = first.setdefault(session, address)
            if known != address and is_public(address):
                print(json.dumps({"session": session, "first": known, "now": address, "event": event["eventID"]}))
    print(events, "events", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1])
