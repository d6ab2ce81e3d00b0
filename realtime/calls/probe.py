"""A short connection without media, by which the self-check learns whether UDP comes to where media would."""

import asyncio
import logging
from collections.abc import Callable

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtcconfiguration import RTCBundlePolicy

from realtime.calls.addresses import NoAddress, bind_within, with_public, without_hidden
from realtime.calls.inside import path_of
from realtime.calls.ports import MediaSettings

log = logging.getLogger(__name__)
PATIENCE = 10.0  # seconds until it is closed, whatever became of it


async def probe(sdp: str, settings: MediaSettings, tell: Callable[..., None], stopping: asyncio.Event) -> None:
    """Answers an offer of one data channel, at the addresses and ports of calls; or tells why there is none."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    try:
        if [line for line in sdp.splitlines() if line.startswith("m=")] != _one_channel(sdp):
            raise ValueError("an offer of one data channel is expected")
        await connection.setRemoteDescription(RTCSessionDescription(without_hidden(sdp), "offer"))
        bind_within(path_of(connection), settings)
        await connection.setLocalDescription(await connection.createAnswer())
        tell(sdp=with_public(connection.localDescription.sdp, settings.address))
        async with asyncio.timeout(PATIENCE):
            await stopping.wait()
    except TimeoutError:
        pass
    except NoAddress as problem:
        tell(why=problem.why)
    except Exception:
        log.info("an offer of the self-check could not be used", exc_info=True)
        tell(why="answer")
    finally:
        await connection.close()


def _one_channel(sdp: str) -> list[str]:
    return [line for line in sdp.splitlines() if line.startswith("m=application ")][:1]
