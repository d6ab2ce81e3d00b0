"""What is lost on the way is sent again, and who sends hears of it."""

import asyncio

from aiortc.rtp import RTCP_PSFB_APP, RtcpPacket, RtcpPsfbPacket, RtcpRrPacket, unpack_remb_fci

from realtime.calls.sfu import FLOOR
from tests.realtime.calls.conftest import everybody_hears
from tests.realtime.calls.scripted import Caller, Table
from tests.realtime.calls.test_sfu import seated
from tests.realtime.fakes import until


async def test_lost_packets_are_sent_again(table: Table) -> None:
    """A seeded dropper at the sockets of both callers: 5 % of all datagrams that look like media."""
    await seated(table, 1, 2)
    await everybody_hears(table, 1, 2)
    for who, caller in table.callers.items():
        drop(caller, seed=who, part=0.05)
    heard = table.callers[2].of(1, "camera")
    start = heard.packets
    await until(lambda: heard.packets > start + 1500)
    tap = table.sfu._peers[1].taps["camera"]
    losses = tap._lost

    def came_again() -> bool:  # without it, every twentieth would be missing for ever
        return bool(losses._came > 0.99 * (losses._highest + losses._cycles - losses._first))

    await until(came_again)
    last, heard_of = heard.numbers[-1], set(heard.numbers)
    window = {(last - back) % 0x10000 for back in range(250)}  # numbers begin again at 65,536

    def came_to_the_browser_too() -> bool:
        heard_of.update(heard.numbers)
        return len(window - heard_of) < 0.02 * len(window)

    await until(came_to_the_browser_too)


def drop(caller: Caller, seed: int, part: float) -> None:
    """Loses media in both directions at the socket of a caller."""
    import random

    chance = random.Random(seed)
    assert caller.connection is not None
    ice = caller.connection.getTransceivers()[0].receiver.transport.transport._connection
    protocol = ice._nominated[1].protocol
    receive, send = protocol.datagram_received, protocol.transport.sendto

    class Lossy:
        def __init__(self, transport: object) -> None:
            self._transport = transport

        def sendto(self, data: bytes, address: object) -> None:
            if data[0] < 128 or chance.random() >= part:
                send(data, address)

        def __getattr__(self, name: str) -> object:
            return getattr(self._transport, name)

    def lossy(data: bytes, address: object) -> None:
        if data[0] < 128 or chance.random() >= part:
            receive(data, address)

    protocol.transport, protocol.datagram_received = Lossy(protocol.transport), lossy


async def test_what_a_viewer_can_take_and_what_was_lost_arrive_at_who_sends(table: Table) -> None:
    """On the wire: a viewer's own estimate (REMB) to us, ours to the sender, and reports of how its lines arrived."""
    await seated(table, 1, 2)
    await everybody_hears(table, 1, 2)
    tap = table.sfu._peers[1].taps["camera"]
    said, rates, reported = list[int](), list[int](), set[int]()
    mouth = next(slot.sender for slot in table.sfu._peers[2].slots if slot.sender.spring is tap)
    hear = mouth.can_take
    mouth.can_take = lambda rate: (said.append(rate), hear(rate))
    senders = {each.kind: each.sender for each in table.callers[1].connection.getTransceivers() if each.sender.track}
    camera, own = senders["video"], {sender._ssrc for sender in senders.values()}

    async def wire(data: bytes) -> None:
        for packet in RtcpPacket.parse(data):
            if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
                rate, sources = unpack_remb_fci(packet.fci)
                assert sources == [camera._ssrc]
                rates.append(rate)
            elif isinstance(packet, RtcpRrPacket):
                reported.update(each.ssrc for each in packet.reports)

    camera.transport._handle_rtcp_data = wire
    await until(lambda: said)
    table.sfu.second(asyncio.get_running_loop().time())
    await until(lambda: rates and own <= reported)
    assert all(rate == FLOOR or any(abs(rate - one) < one / 50 for one in said) for rate in rates)
