// pion as a viewer. Told by lines of JSON on standard input what to do; answers each with a line of JSON.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/pion/dtls/v2"
	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v3"
)

// Order is what one line says.
type Order struct {
	Do string
	// Of an offer: its sections in their order, and what it knows.
	Media []string
	RTX   bool
	SRTP  string
	Lite  bool
	// Without it the offer waits for all candidates.
	Trickle bool
	SDP     string
	// Of a packet to ask for again: how many came after it.
	Back int
}

type viewer struct {
	connection *webrtc.PeerConnection
	gathered   <-chan struct{}
	witness    *witness
}

var profiles = map[string]dtls.SRTPProtectionProfile{
	"gcm": dtls.SRTP_AEAD_AES_128_GCM, "sha1": dtls.SRTP_AES128_CM_HMAC_SHA1_80,
}

// connect begins another session; the one before ends, as where a page is closed.
func (v *viewer) connect(order Order) error {
	if v.connection != nil {
		if err := v.connection.Close(); err != nil {
			return err
		}
		v.witness = newWitness()
	}
	engine, registry, settings := &webrtc.MediaEngine{}, &interceptor.Registry{}, webrtc.SettingEngine{}
	video := webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeH264, ClockRate: 90000,
		SDPFmtpLine:  "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
		RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "ccm", Parameter: "fir"}},
	}
	codecs := []webrtc.RTPCodecParameters{{RTPCodecCapability: video, PayloadType: 102}}
	if order.RTX {
		again := webrtc.RTPCodecCapability{MimeType: "video/rtx", ClockRate: 90000, SDPFmtpLine: "apt=102"}
		codecs = append(codecs, webrtc.RTPCodecParameters{RTPCodecCapability: again, PayloadType: 103})
	}
	for _, codec := range codecs {
		if err := engine.RegisterCodec(codec, webrtc.RTPCodecTypeVideo); err != nil {
			return err
		}
	}
	sound := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
	if err := engine.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: sound, PayloadType: 111}, webrtc.RTPCodecTypeAudio); err != nil {
		return err
	}
	// NACKs are ours alone; reports and transport-wide feedback are its own.
	if err := webrtc.ConfigureRTCPReports(registry); err != nil {
		return err
	}
	if err := webrtc.ConfigureTWCCSender(engine, registry); err != nil {
		return err
	}
	registry.Add(v.witness)

	// Standard output is for answers alone.
	logger := logging.NewDefaultLoggerFactory()
	logger.Writer = os.Stderr
	settings.LoggerFactory = logger
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetLite(order.Lite)
	if order.SRTP != "" {
		settings.SetSRTPProtectionProfiles(profiles[order.SRTP])
	}
	// Packets that come again just as they were are to be seen, too.
	settings.DisableSRTPReplayProtection(true)

	api := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(settings))
	connection, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	v.connection = connection
	// Of this session, whatever comes after it.
	witness := v.witness
	connection.OnICEConnectionStateChange(func(state webrtc.ICEConnectionState) { witness.note(&witness.report.ICE, state.String()) })
	connection.OnConnectionStateChange(func(state webrtc.PeerConnectionState) { witness.note(&witness.report.Connection, state.String()) })
	connection.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		go listen(receiver, witness)
		buffer := make([]byte, 1600)
		for {
			if _, _, err := track.Read(buffer); err != nil {
				return
			}
		}
	})
	for _, kind := range order.Media {
		receive := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
		if _, err := connection.AddTransceiverFromKind(webrtc.NewRTPCodecType(kind), receive); err != nil {
			return err
		}
	}
	return nil
}

// listen hears what the camera reports of its stream.
func listen(receiver *webrtc.RTPReceiver, witness *witness) {
	for {
		packets, _, err := receiver.ReadRTCP()
		if err != nil {
			return
		}
		witness.hear(packets)
	}
}

// offer answers with what it offers: all candidates in it, or none yet.
func (v *viewer) offer(options *webrtc.OfferOptions, trickle bool) (any, error) {
	offer, err := v.connection.CreateOffer(options)
	if err != nil {
		return nil, err
	}
	v.gathered = webrtc.GatheringCompletePromise(v.connection)
	if err := v.connection.SetLocalDescription(offer); err != nil {
		return nil, err
	}
	if trickle {
		return map[string]any{"sdp": offer.SDP}, nil
	}
	return v.described()
}

func (v *viewer) described() (any, error) {
	<-v.gathered
	return map[string]any{"sdp": v.connection.LocalDescription().SDP}, nil
}

func (v *viewer) follow(order Order) (any, error) {
	switch order.Do {
	case "offer":
		if err := v.connect(order); err != nil {
			return nil, err
		}
		return v.offer(nil, order.Trickle)
	case "restart":
		return v.offer(&webrtc.OfferOptions{ICERestart: true}, false)
	case "described":
		return v.described()
	case "answer":
		return map[string]any{}, v.connection.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: order.SDP})
	case "state":
		return v.witness.state(), nil
	case "pli":
		return v.pli()
	case "nack":
		return v.nack(order.Back)
	}
	return nil, fmt.Errorf("cannot %q", order.Do)
}

// pli says that pictures are lost; answers with the RTP time that has passed since the last key frame.
func (v *viewer) pli() (any, error) {
	main, since := v.witness.sinceKeyFrame()
	return map[string]any{"since": since}, v.connection.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: main}})
}

// nack says that a packet did not come which came so many packets ago.
func (v *viewer) nack(back int) (any, error) {
	main, number, err := v.witness.miss(back)
	if err != nil {
		return nil, err
	}
	return map[string]any{"number": number}, v.connection.WriteRTCP([]rtcp.Packet{
		&rtcp.TransportLayerNack{MediaSSRC: main, Nacks: rtcp.NackPairsFromSequenceNumbers([]uint16{number})},
	})
}

func main() {
	v := &viewer{witness: newWitness()}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	output := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var order Order
		answer, err := any(nil), json.Unmarshal(lines.Bytes(), &order)
		if err == nil {
			answer, err = v.follow(order)
		}
		if err != nil {
			answer = map[string]any{"failure": err.Error()}
		}
		if output.Encode(answer) != nil {
			return
		}
	}
}
