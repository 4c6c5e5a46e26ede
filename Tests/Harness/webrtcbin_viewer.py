"""GStreamer's webrtcbin as a viewer, under the system's own Python, where its bindings are.

Told by lines of JSON on standard input what to do; answers each with a line of JSON.
"""

import json
import sys
import threading

import gi

for library in ("Gst", "GstSdp", "GstWebRTC"):
    gi.require_version(library, "1.0")
from gi.repository import Gst, GstSdp, GstWebRTC  # noqa: E402

VIDEO = ("application/x-rtp,media=video,encoding-name=H264,clock-rate=90000,payload=102,packetization-mode=(string)1,"
         "profile-level-id=(string)42e01f,rtcp-fb-nack=(boolean)true,rtcp-fb-nack-pli=(boolean)true,rtcp-fb-ccm-fir=(boolean)true,"
         "rtcp-fb-transport-cc=(boolean)true,extmap-3=http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01")
AUDIO = "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,payload=111,encoding-params=(string)2"
#: OpenH264 decodes, which none of our own programs uses.
DECODER = "rtph264depay ! h264parse ! openh264dec ! fakesink name=pictures signal-handoffs=true sync=false"


class Viewer:
    def __init__(self):
        self.pipeline = Gst.Pipeline()
        self.bin = Gst.ElementFactory.make("webrtcbin")
        self.bin.props.bundle_policy = GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE
        self.pipeline.add(self.bin)
        self.sizes, self.brightness, self.states, self.byes, self.packets = [], [], [], [], 0
        self.gathered, self.kept, self.transceivers = threading.Event(), [], []
        self.bin.connect("notify::ice-gathering-state", self.gathering)
        self.bin.connect("notify::connection-state", lambda *_: self.states.append(self.bin.props.connection_state.value_nick))
        self.bin.connect("pad-added", self.incoming)
        self.bin.get_by_name("rtpbin").connect("on-bye-ssrc", lambda _, session, ssrc: self.byes.append(ssrc))

    def gathering(self, *_):
        if self.bin.props.ice_gathering_state == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            self.gathered.set()

    def incoming(self, _, pad):
        pad.add_probe(Gst.PadProbeType.BUFFER, self.passing)
        decoder = Gst.parse_bin_from_description(DECODER, True)
        decoder.get_by_name("pictures").connect("handoff", self.picture)
        self.pipeline.add(decoder)
        decoder.sync_state_with_parent()
        pad.link(decoder.get_static_pad("sink"))

    def passing(self, *_):
        self.packets += 1
        return Gst.PadProbeReturn.OK

    def picture(self, _, buffer, pad):
        caps = pad.get_current_caps().get_structure(0)
        size = (caps.get_value("width"), caps.get_value("height"))
        luma = buffer.extract_dup(0, size[0] * size[1])[::97]
        self.sizes.append(size)
        self.brightness.append(sum(luma) / len(luma))

    def done(self, signal, *words):
        promise = Gst.Promise.new()
        self.bin.emit(signal, *words, promise)
        assert promise.wait() == Gst.PromiseResult.REPLIED, signal
        reply = promise.get_reply()
        # What is taken out of an answer lives no longer than it.
        self.kept.append(reply)
        if reply is not None and reply.has_field("error"):
            raise ValueError(f"{signal}: {reply.get_value('error').message}")
        return reply

    # What it is told to do.

    def offer(self, media):
        receive = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
        for kind in media:
            transceiver = self.bin.emit("add-transceiver", receive, Gst.Caps.from_string(VIDEO if kind == "video" else AUDIO))
            # Then it offers retransmissions, and asks for them.
            transceiver.props.do_nack = kind == "video"
            self.transceivers.append(transceiver)
        self.pipeline.set_state(Gst.State.PLAYING)
        self.done("set-local-description", self.done("create-offer", None).get_value("offer"))
        assert self.gathered.wait(10), "its own addresses"
        return {"sdp": self.bin.props.local_description.sdp.as_text()}

    def answer(self, sdp):
        _, message = GstSdp.SDPMessage.new_from_text(sdp)
        self.done("set-remote-description", GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message))
        return {}

    def state(self):
        statistics, inbound = self.done("get-stats", None), []
        for number in range(statistics.n_fields()):
            one = statistics.get_value(statistics.nth_field_name(number))
            if isinstance(one, Gst.Structure) and one.get_value("type").value_nick == "inbound-rtp":
                inbound.append({name: one.get_value(name) for name in ("ssrc", "packets-received", "packets-lost") if one.has_field(name)})
        failure = self.pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
        transports = [one.props.receiver.props.transport for one in self.transceivers]
        return {"connection": self.states, "ice": self.bin.props.ice_connection_state.value_nick,
                "dtls": [one and one.props.state.value_nick for one in transports],
                "sizes": self.sizes, "brightness": self.brightness, "packets": self.packets, "inbound": inbound, "byes": self.byes,
                "failure": failure and failure.parse_error()[0].message}


Gst.init(None)
viewer = Viewer()
for line in sys.stdin:
    words = json.loads(line)
    print(json.dumps(getattr(viewer, words.pop("do"))(**words)), flush=True)
