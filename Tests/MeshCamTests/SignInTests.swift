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

    /// One machine has as many IPv6 addresses as it likes, but one network; its neighbours there wait half a minute at most.
    @Test func guessingFromManyAddressesOfOneNetworkIsSlowedToo() throws {
        let gate = SignInGate()
        let now = ContinuousClock.now
        let host = ConnectionLimits.Host.prefix([0x20, 1, 0xd, 0xb8, 0, 0, 0, 1])
        let waits = (0..<40).map { gate.reserve(host, "2001:db8:0:1::\($0)", user: "ann", now: now) }
        #expect(waits.prefix(20).allSatisfy { $0 == nil })
        #expect(waits.dropFirst(20).allSatisfy { $0 != nil })
        for seconds in stride(from: 30, through: 3000, by: 30) {
            let at = now + .seconds(seconds)
            #expect(gate.reserve(host, "2001:db8:0:1::\(seconds)", user: "ann", now: at) == nil, "a neighbour waits half a minute at most")
        }
        let elsewhere = gate.reserve(.prefix([0x20, 1, 0xd, 0xb8, 0, 0, 0, 2]), "2001:db8:0:2::1", user: "ann", now: now)
        #expect(elsewhere == nil)
    }

    /// A device next door that guesses all the time keeps nobody out who signed in from where they are a while ago.
    @Test func whoSignedInLatelyIsNotHeldUpByNeighbours() {
        let gate = SignInGate()
        let now = ContinuousClock.now
        let host = ConnectionLimits.Host.prefix([0x20, 1, 0xd, 0xb8, 0, 0, 0, 1])
        #expect(gate.reserve(host, "2001:db8:0:1::a", user: "ann", now: now) == nil)
        gate.succeeded(host, "2001:db8:0:1::a", user: "ann", now: now)
        for number in 0..<40 { _ = gate.reserve(host, "2001:db8:0:1::\(number)", user: "ben", now: now) }
        #expect(gate.reserve(host, "2001:db8:0:1::b", user: "ann", now: now) != nil, "the network waits")
        #expect(gate.reserve(host, "2001:db8:0:1::a", user: "ann", now: now) == nil)
        for _ in 0..<3 { #expect(gate.reserve(host, "2001:db8:0:1::a", user: "ann", now: now) == nil) }
        _ = gate.reserve(host, "2001:db8:0:1::a", user: "ann", now: now)
        #expect(gate.reserve(host, "2001:db8:0:1::a", user: "ann", now: now) != nil, "it guesses no faster itself")
    }

    /// Whoever knows one password guesses no faster at another, and never locks themselves out.
    @Test func oneUsersSuccessForgivesNoGuessesAtAnother() {
        let gate = SignInGate()
        let now = ContinuousClock.now
        let host = ConnectionLimits.Host.address([10, 0, 0, 1])
        var guesses = 0
        for _ in 0..<10 {
            for _ in 0..<4 where gate.reserve(host, "10.0.0.1", user: "ann", now: now) == nil { guesses += 1 }
            #expect(gate.reserve(host, "10.0.0.1", user: "ben", now: now) == nil)
            gate.succeeded(host, "10.0.0.1", user: "ben")
        }
        #expect(guesses == 5)
    }

    /// One password with every name is no way around it.
    @Test func manyNamesFromOneAddressAreSlowedToo() {
        let gate = SignInGate()
        let now = ContinuousClock.now
        let waits = (0..<30).map { gate.reserve(.address([10, 0, 0, 1]), "10.0.0.1", user: "user \($0)", now: now) }
        #expect(waits.prefix(20).allSatisfy { $0 == nil } && waits.dropFirst(20).allSatisfy { $0 != nil })
    }

    /// A crowd is sent away; whoever waits is served.
    @Test func aCrowdDoesNotQueueUp() async {
        let gate = SignInGate()
        let answers = await withTaskGroup(of: Bool?.self) { group in
            for _ in 0..<40 { group.addTask { await gate.verify("x", against: SignInGate.nobodysHash) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count == 40 && answers.contains(false))
        #expect(answers.contains { $0 == nil }, "\(answers)")
        #expect(await gate.verify("x", against: SignInGate.nobodysHash) == false, "afterwards there is room again")
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
