import Testing

@testable import MeshCam

@Suite struct SignInTests {
    private let start = ContinuousClock.now

    @Test func waitsDoubleAndEnd() {
        var throttle = SignInThrottle()
        var now = start
        for _ in 0..<5 {
            #expect(throttle.wait(for: "a", now: now) == nil)
            throttle.failed("a", now: now)
        }
        for expected in [1, 2, 4, 8, 16] {
            #expect(throttle.wait(for: "a", now: now) == .seconds(expected))
            #expect(throttle.wait(for: "b", now: now) == nil, "one guesser does not lock others out")
            now += .seconds(expected)
            #expect(throttle.wait(for: "a", now: now) == nil)
            throttle.failed("a", now: now)
        }
        for _ in 0..<40 { throttle.failed("a", now: now) }
        #expect(throttle.wait(for: "a", now: now) == .seconds(300))
        throttle.succeeded("a")
        #expect(throttle.wait(for: "a", now: now) == nil)
    }

    @Test func forgetsTheQuietAndStaysBounded() {
        var throttle = SignInThrottle()
        throttle.capacity = 10
        for _ in 0..<9 { throttle.failed("old", now: start) }
        #expect(throttle.wait(for: "old", now: start + .seconds(901)) == nil)
        for number in 0..<100 { throttle.failed("\(number)", now: start + .seconds(1 + number)) }
        #expect(throttle.wait(for: "old", now: start + .seconds(1)) == nil, "the longest quiet address made room")
    }

    @Test(arguments: [
        ("localhost", true), ("localhost:8080", true), ("127.0.0.1:8080", true), ("127.9.9.9", true), ("[::1]:8080", true), ("porch.localhost", true),
        ("evil.example", false), ("127.0.0.1.evil.example", false), ("localhost.evil.example", false), ("[::2]", false), ("", false), ("192.168.1.2", false),
    ])
    func loopbackNames(authority: String, isLoopback: Bool) {
        #expect(Authentication.isLoopback(authority) == isLoopback)
    }

    @Test func eachDoorHasItsCookie() {
        #expect(SessionCookie.token(in: ["a=b; meshcam_session=xyz"], door: .web) == "xyz")
        #expect(SessionCookie.token(in: ["a=b; meshcam_session=xyz"], door: .loopback) == nil)
        #expect(SessionCookie.token(in: ["meshcam_session_plain=p", "meshcam_session=s"], door: .loopback) == "p")
        #expect(SessionCookie.token(in: ["meshcam_session="], door: .web) == nil)
        #expect(SessionCookie.set("t", door: .web).contains("; Secure"))
        #expect(!SessionCookie.set("t", door: .loopback).contains("Secure"))
    }
}
