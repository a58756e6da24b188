"""How a device is registered before it is shipped: by its own signing request, without a claim."""

from __future__ import annotations

import json


def registration(prefix: str, kind: str) -> bytes:
    """The template for `aws iot register-thing`, with the device's serial number and request.

    It makes what the provisioning template of the class makes of a device in the field.
    """
    name = f"{prefix}--{kind}"
    template = {
        "Parameters": {"SerialNumber": {"Type": "String"}, "CSR": {"Type": "String"}},
        "Resources": {
            "certificate": {
                "Type": "AWS::IoT::Certificate",
                "Properties": {
                    "CertificateSigningRequest": {"Ref": "CSR"},
                    "Status": "ACTIVE",
                },
            },
            "policy": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": name}},
            "thing": {
                "Type": "AWS::IoT::Thing",
                "Properties": {
                    "ThingName": {"Fn::Join": ["-", [f"{name}-", {"Ref": "SerialNumber"}]]},
                    "ThingTypeName": name,
                    "ThingGroups": [prefix],
                },
            },
        },
    }
    return json.dumps(template, sort_keys=True, separators=(",", ":")).encode()
