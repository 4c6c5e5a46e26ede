import Gossip
import Testing

@testable import MeshCam

@Suite struct ExchangeGateTests {
    private let member = NodeID(bytes: Array(repeating: 1, count: 16))!
    private let other = NodeID(bytes: Array(repeating: 2, count: 16))!

    /// A member with all its places taken is refused, others are not, and an ended exchange gives its place back, failed or not.
    @Test func oneMembersCrowdIsRefused() async throws {
        let gate = ExchangeGate()
        try await nested(ExchangeGate().perMember, gate) {
            let refused = await #expect(throws: ProblemDetails.self) { try await gate.admit(self.member) {} }
            #expect(refused?.status == 429)
            let busy = try await gate.admit(self.other) { gate.busyMembers }
            #expect(busy == 2)
        }
        #expect(gate.busyMembers == 0)
        await #expect(throws: CancellationError.self) { try await gate.admit(self.member) { throw CancellationError() } }
        #expect(gate.busyMembers == 0)
    }

    /// One after the other, without a pause: after some of them the member waits for the next second, others do not.
    @Test func oneAfterTheOtherIsSlowedToo() async throws {
        let gate = ExchangeGate()
        let now = ContinuousClock.now
        for _ in 0..<ExchangeGate().perSecond { try await gate.admit(member, now: now) {} }
        await #expect(throws: ProblemDetails.self) { try await gate.admit(self.member, now: now + .milliseconds(900)) {} }
        try await gate.admit(other, now: now) {}
        try await gate.admit(member, now: now + .seconds(1)) {}
    }

    /// `work` with so many exchanges under way around it.
    private func nested(_ depth: Int, _ gate: ExchangeGate, _ work: () async throws -> Void) async throws {
        guard depth > 0 else { return try await work() }
        try await gate.admit(member) { try await nested(depth - 1, gate, work) }
    }
}
