"""The cases of verify_cases.json through a client generated from the proto.

Arguments: folder of the generated modules, address of the service, the cases, the folder of objects.
"""

import json
import pathlib
import sys

import grpc

stubs, address, cases, corpus = sys.argv[1:]
sys.path.insert(0, stubs)

from bpfvet.v1 import events_pb2, verifier_pb2, verifier_pb2_grpc, verify_pb2  # noqa: E402

failures = []


def request_of(case):
    request = verifier_pb2.VerifyRequest()
    request.input.name = case["name"]
    if "object" in case:
        request.input.object = pathlib.Path(corpus, case["object"]).read_bytes()
    elif "object_hex" in case:
        request.input.object = bytes.fromhex(case["object_hex"])
    else:
        request.input.raw.name = case["name"]
        request.input.raw.license = "GPL"
        request.input.raw.prog_type = case["prog_type"]
        request.input.raw.insns = bytes.fromhex(case["insns"])
    if "kernel" in case:
        request.target.kernels.append(case["kernel"])
    return request


def expect(case, what, is_so):
    if not is_so:
        failures.append(f"{case['name']}: {what}")


def check(client, case):
    try:
        answers = client.Verify(request_of(case)).answers
    except grpc.RpcError as e:
        expect(case, f"{e.code().name}: {e.details()}", e.code().name == case.get("status"))
        return
    expect(case, "answers where an error is due", "status" not in case)
    expect(case, "no answers", len(answers) > 0)
    for a in answers:
        verdict = verify_pb2.Verdict.Name(a.verdict).removeprefix("VERDICT_")
        expect(case, f"verdict {verdict}: {a.message}", verdict == case.get("verdict"))
        expect(case, f"errno {a.errno}", a.errno == case.get("errno", ""))
        expect(case, f"message {a.message}", a.message == case.get("message", a.message))


with grpc.insecure_channel(address) as channel:
    client = verifier_pb2_grpc.VerifierStub(channel)
    cases = json.loads(pathlib.Path(cases).read_text())
    for case in cases:
        check(client, case)
    # A stream too: its last event is the answer.
    plain = request_of(cases[0])
    request = verifier_pb2.VerifyStreamRequest(input=plain.input, detail=events_pb2.DETAIL_INSTRUCTIONS)
    events = [e for group in client.VerifyStream(request) for e in group.events]
    expect(cases[0], "no answer at the end of the stream", events and events[-1].HasField("answer"))

print(f"{len(cases)} cases, {len(failures)} failures")
print("\n".join(failures))
sys.exit(1 if failures else 0)
