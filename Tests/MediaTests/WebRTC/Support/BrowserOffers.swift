/// Offers to receive a stream as they are typically written, shortened where lines repeat themselves.
enum BrowserOffers {
    static let all = ["Chromium": chromium, "Firefox": firefox, "aiortc": aiortc, "GStreamer": gstreamer, "pion": pion]

    private static let fingerprint =
        "sha-256 7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08"

    /// WHEP page: audio first, then video; hidden host candidate; H.264 in seven forms.
    static let chromium = """
        v=0
        o=- 6263041863926464093 2 IN IP4 127.0.0.1
        s=-
        t=0 0
        a=group:BUNDLE 0 1
        a=extmap-allow-mixed
        a=msid-semantic: WMS
        m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
        c=IN IP4 0.0.0.0
        a=rtcp:9 IN IP4 0.0.0.0
        a=ice-ufrag:Vyvg
        a=ice-pwd:8jX2QsR1WbmWmDlQJ0zTfHgT
        a=ice-options:trickle
        a=fingerprint:\(fingerprint)
        a=setup:actpass
        a=mid:0
        a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
        a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
        a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
        a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
        a=recvonly
        a=rtcp-mux
        a=rtcp-rsize
        a=rtpmap:111 opus/48000/2
        a=rtcp-fb:111 transport-cc
        a=fmtp:111 minptime=10;useinbandfec=1
        a=rtpmap:63 red/48000/2
        a=fmtp:63 111/111
        a=rtpmap:9 G722/8000
        a=rtpmap:0 PCMU/8000
        a=rtpmap:8 PCMA/8000
        a=rtpmap:13 CN/8000
        a=rtpmap:110 telephone-event/48000
        a=rtpmap:126 telephone-event/8000
        m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 104 105 106 107 108 109 127 125 39 40 45 46 98 99 35 36 112 113 116
        c=IN IP4 0.0.0.0
        a=rtcp:9 IN IP4 0.0.0.0
        a=candidate:3097153466 1 udp 2113937151 5b9c0ba3-a6f3-4f3b-9d2c-8d7b2d6a4f0e.local 51472 typ host generation 0 network-cost 999
        a=ice-ufrag:Vyvg
        a=ice-pwd:8jX2QsR1WbmWmDlQJ0zTfHgT
        a=ice-options:trickle
        a=fingerprint:\(fingerprint)
        a=setup:actpass
        a=mid:1
        a=extmap:14 urn:ietf:params:rtp-hdrext:toffset
        a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
        a=extmap:13 urn:3gpp:video-orientation
        a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
        a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay
        a=extmap:6 http://www.webrtc.org/experiments/rtp-hdrext/video-content-type
        a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
        a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id
        a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id
        a=recvonly
        a=rtcp-mux
        a=rtcp-rsize
        a=rtpmap:96 VP8/90000
        a=rtcp-fb:96 goog-remb
        a=rtcp-fb:96 transport-cc
        a=rtcp-fb:96 ccm fir
        a=rtcp-fb:96 nack
        a=rtcp-fb:96 nack pli
        a=rtpmap:97 rtx/90000
        a=fmtp:97 apt=96
        a=rtpmap:102 H264/90000
        a=rtcp-fb:102 goog-remb
        a=rtcp-fb:102 transport-cc
        a=rtcp-fb:102 ccm fir
        a=rtcp-fb:102 nack
        a=rtcp-fb:102 nack pli
        a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f
        a=rtpmap:103 rtx/90000
        a=fmtp:103 apt=102
        a=rtpmap:104 H264/90000
        a=fmtp:104 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f
        a=rtpmap:105 rtx/90000
        a=fmtp:105 apt=104
        a=rtpmap:106 H264/90000
        a=rtcp-fb:106 goog-remb
        a=rtcp-fb:106 transport-cc
        a=rtcp-fb:106 ccm fir
        a=rtcp-fb:106 nack
        a=rtcp-fb:106 nack pli
        a=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
        a=rtpmap:107 rtx/90000
        a=fmtp:107 apt=106
        a=rtpmap:108 H264/90000
        a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f
        a=rtpmap:109 rtx/90000
        a=fmtp:109 apt=108
        a=rtpmap:127 H264/90000
        a=fmtp:127 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f
        a=rtpmap:125 rtx/90000
        a=fmtp:125 apt=127
        a=rtpmap:39 H264/90000
        a=fmtp:39 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=4d001f
        a=rtpmap:40 rtx/90000
        a=fmtp:40 apt=39
        a=rtpmap:45 AV1/90000
        a=fmtp:45 level-idx=5;profile=0;tier=0
        a=rtpmap:46 rtx/90000
        a=fmtp:46 apt=45
        a=rtpmap:98 VP9/90000
        a=fmtp:98 profile-id=0
        a=rtpmap:99 rtx/90000
        a=fmtp:99 apt=98
        a=rtpmap:112 red/90000
        a=rtpmap:113 rtx/90000
        a=fmtp:113 apt=112
        a=rtpmap:116 ulpfec/90000

        """.replacing("\n", with: "\r\n")

    /// Fingerprint and options of the whole, port 9, bundled data channel, sendrecv.
    static let firefox = """
        v=0
        o=mozilla...THIS_IS_SDPARTA-99.0 2891546316338291764 0 IN IP4 0.0.0.0
        s=-
        t=0 0
        a=fingerprint:\(fingerprint)
        a=group:BUNDLE 0 1
        a=ice-options:trickle
        a=msid-semantic:WMS *
        m=video 9 UDP/TLS/RTP/SAVPF 120 124 126 127 97 98 105 106
        c=IN IP4 0.0.0.0
        a=candidate:0 1 UDP 2122252543 3f6ed3e5-8e2e-4c0e-a3fb-8a4c9aa3b1f2.local 40884 typ host
        a=candidate:1 1 TCP 2105524479 3f6ed3e5-8e2e-4c0e-a3fb-8a4c9aa3b1f2.local 9 typ host tcptype active
        a=recvonly
        a=end-of-candidates
        a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid
        a=extmap:4 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
        a=extmap:5 urn:ietf:params:rtp-hdrext:toffset
        a=extmap:6/recvonly http://www.webrtc.org/experiments/rtp-hdrext/playout-delay
        a=extmap:7 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
        a=fmtp:126 profile-level-id=42e01f;level-asymmetry-allowed=1;packetization-mode=1
        a=fmtp:97 profile-level-id=42e01f;level-asymmetry-allowed=1
        a=fmtp:120 max-fs=12288;max-fr=60
        a=fmtp:124 apt=120
        a=fmtp:127 apt=126
        a=fmtp:98 apt=97
        a=fmtp:105 profile-level-id=42001f;level-asymmetry-allowed=1;packetization-mode=1
        a=fmtp:106 apt=105
        a=ice-pwd:f0b5d3ebe0a4d5c8d29d0d6b9e5a8d4c
        a=ice-ufrag:5b3e1a7c
        a=mid:0
        a=rtcp-fb:120 nack
        a=rtcp-fb:126 nack
        a=rtcp-fb:126 nack pli
        a=rtcp-fb:126 ccm fir
        a=rtcp-fb:126 goog-remb
        a=rtcp-fb:126 transport-cc
        a=rtcp-mux
        a=rtcp-rsize
        a=rtpmap:120 VP8/90000
        a=rtpmap:124 rtx/90000
        a=rtpmap:126 H264/90000
        a=rtpmap:127 rtx/90000
        a=rtpmap:97 H264/90000
        a=rtpmap:98 rtx/90000
        a=rtpmap:105 H264/90000
        a=rtpmap:106 rtx/90000
        a=setup:actpass
        a=ssrc:1674013473 cname:{d1b1cfb8-7ea6-4bb7-a6ff-52c1a86c3b3c}
        m=application 9 UDP/DTLS/SCTP webrtc-datachannel
        c=IN IP4 0.0.0.0
        a=sendrecv
        a=ice-pwd:f0b5d3ebe0a4d5c8d29d0d6b9e5a8d4c
        a=ice-ufrag:5b3e1a7c
        a=mid:1
        a=setup:actpass
        a=sctp-port:5000
        a=max-message-size:1073741823

        """

    /// Real candidates at once, no extensions but mid and send time, no transport-wide feedback, three fingerprints.
    static let aiortc = """
        v=0
        o=- 3972137425 3972137425 IN IP4 0.0.0.0
        s=-
        t=0 0
        a=group:BUNDLE 0
        a=msid-semantic:WMS *
        m=video 46871 UDP/TLS/RTP/SAVPF 97 98 99 100 101 102
        c=IN IP4 192.168.1.20
        a=recvonly
        a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid
        a=extmap:3 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
        a=mid:0
        a=msid:6a4d0e8f-5a8e-4a26-8d25-b8d7d1a0c7a2 5fb0c5d6-8a3d-4c2a-bc0e-4e0d4f3b4c3e
        a=rtcp:9 IN IP4 0.0.0.0
        a=rtcp-mux
        a=ssrc-group:FID 1205513470 3361018480
        a=ssrc:1205513470 cname:8a4d1c6f-9c2e-4e3b-8b1f-6a5d7c0e9f1a
        a=ssrc:3361018480 cname:8a4d1c6f-9c2e-4e3b-8b1f-6a5d7c0e9f1a
        a=rtpmap:97 VP8/90000
        a=rtcp-fb:97 nack
        a=rtcp-fb:97 nack pli
        a=rtcp-fb:97 goog-remb
        a=rtpmap:98 rtx/90000
        a=fmtp:98 apt=97
        a=rtpmap:99 H264/90000
        a=rtcp-fb:99 nack
        a=rtcp-fb:99 nack pli
        a=rtcp-fb:99 goog-remb
        a=fmtp:99 packetization-mode=1;level-asymmetry-allowed=1;profile-level-id=42001f
        a=rtpmap:100 rtx/90000
        a=fmtp:100 apt=99
        a=rtpmap:101 H264/90000
        a=rtcp-fb:101 nack
        a=rtcp-fb:101 nack pli
        a=rtcp-fb:101 goog-remb
        a=fmtp:101 packetization-mode=1;level-asymmetry-allowed=1;profile-level-id=42e01f
        a=rtpmap:102 rtx/90000
        a=fmtp:102 apt=101
        a=candidate:3a8e21ad5a0fa3c8a4d9d6d46b6c9c41 1 udp 2130706431 192.168.1.20 46871 typ host
        a=candidate:9c1b04d1a37ef62e9b4a6e1a5d6fd8a2 1 udp 1694498815 203.0.113.77 46871 typ srflx raddr 192.168.1.20 rport 46871
        a=end-of-candidates
        a=ice-ufrag:qgXF
        a=ice-pwd:wEqzPLjzPYkHXgGNy0lyRs
        a=fingerprint:\(fingerprint)
        a=fingerprint:sha-384 \(String(repeating: "0A:", count: 47))FF
        a=fingerprint:sha-512 \(String(repeating: "0A:", count: 63))FF
        a=setup:actpass

        """.replacing("\n", with: "\r\n")

    /// webrtcbin with caps that name no more than the encoding; LF only, lower-case parameters, spaces after semicolons.
    static let gstreamer = """
        v=0
        o=- 7353426498238446215 0 IN IP4 0.0.0.0
        s=-
        t=0 0
        a=ice-options:trickle
        a=group:BUNDLE video0
        m=video 9 UDP/TLS/RTP/SAVPF 96
        c=IN IP4 0.0.0.0
        a=setup:actpass
        a=ice-ufrag:4Ui2RyuT1cNV3pK8Kcd0SL3cu6s2fM4p
        a=ice-pwd:sRiRiWT8fDBEyxJVI2nMFMcTcU1EMJvG
        a=rtcp-mux
        a=rtcp-rsize
        a=recvonly
        a=rtpmap:96 H264/90000
        a=rtcp-fb:96 nack
        a=rtcp-fb:96 nack pli
        a=rtcp-fb:96 ccm fir
        a=rtcp-fb:96 transport-cc
        a=extmap:1 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
        a=framerate:30
        a=mid:video0
        a=fingerprint:\(fingerprint)
        a=rtcp-mux-only

        """

    /// Session-wide fingerprint, candidates of two components, feedback for each payload type, no playout delay.
    static let pion = """
        v=0
        o=- 5218365873422344102 1700000000 IN IP4 0.0.0.0
        s=-
        t=0 0
        a=msid-semantic:WMS*
        a=fingerprint:\(fingerprint)
        a=extmap-allow-mixed
        a=group:BUNDLE 0
        m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 106 107
        c=IN IP4 0.0.0.0
        a=setup:actpass
        a=mid:0
        a=ice-ufrag:gJlgcVYOYOaXBRoz
        a=ice-pwd:nCAEmuNUhqWRyTlXVmxHIyJMBGgOHzDQ
        a=rtcp-mux
        a=rtcp-rsize
        a=rtpmap:96 VP8/90000
        a=rtcp-fb:96 goog-remb
        a=rtpmap:97 rtx/90000
        a=fmtp:97 apt=96
        a=rtpmap:102 H264/90000
        a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f
        a=rtcp-fb:102 goog-remb
        a=rtcp-fb:102 ccm fir
        a=rtcp-fb:102 nack
        a=rtcp-fb:102 nack pli
        a=rtcp-fb:102 transport-cc
        a=rtpmap:103 rtx/90000
        a=fmtp:103 apt=102
        a=rtpmap:106 H264/90000
        a=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
        a=rtcp-fb:106 goog-remb
        a=rtcp-fb:106 ccm fir
        a=rtcp-fb:106 nack
        a=rtcp-fb:106 nack pli
        a=rtcp-fb:106 transport-cc
        a=rtpmap:107 rtx/90000
        a=fmtp:107 apt=106
        a=extmap:1 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
        a=recvonly
        a=candidate:233762139 1 udp 2130706431 172.17.0.3 51532 typ host
        a=candidate:233762139 2 udp 2130706431 172.17.0.3 51532 typ host
        a=end-of-candidates

        """.replacing("\n", with: "\r\n")
}
