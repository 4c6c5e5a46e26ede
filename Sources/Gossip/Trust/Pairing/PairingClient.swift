import NIOCore
import NIOPosix

/// Brings a new camera into the mesh, from the member where its code was typed.
public struct PairingClient: Sendable {
    /// From the first byte to the last.
    private static let deadline = TimeAmount.seconds(60)
    private static let connectTimeout = TimeAmount.seconds(5)
    /// Anybody can announce addresses in a camera's name.
    private static let addressLimit = 8

    private let own: NodeIdentity.Public
    private let name: String

    /// - Parameter name: this member's, for people.
    public init(own: NodeIdentity.Public, name: String) {
        self.own = own
        self.name = name
    }

    /// One try, at the first address that answers.
    ///
    /// - Parameters:
    ///   - addresses: where the camera waits for pairing.
    ///   - admit: called once the camera has shown that it knows the code: signs its admission, keeps that, and answers the roster with it
    ///     and where members are. An error is told as ``PairingError/notAdmitted(_:)``.
    /// - Throws: ``PairingError``.
    public func pair(
        with addresses: [PeerAddress], code: SetupCode,
        admit: @Sendable (NodeIdentity.Public, _ name: String) async throws -> (Roster, [NodeID: [PeerAddress]])
    ) async throws(PairingError) -> NodeID {
        let stream = try await Self.connect(to: addresses)
        let channel = stream.channel
        let timer = channel.eventLoop.scheduleTask(in: Self.deadline) { channel.close(promise: nil) }
        defer { timer.cancel() }
        do {
            return try await stream.executeThenClose { inbound, outbound in
                var connection = PairingConnection(channel: channel, inbound: inbound, outbound: outbound)
                var initiator = PairingInitiator(own: own, name: name, code: code)
                try await connection.send(initiator.hello)
                var newcomer: NodeID?
                while true {
                    switch try initiator.receive(try await connection.receive()) {
                    case .send(let message):
                        try await connection.send(message)
                    case .admit(let node, let name):
                        newcomer = node.id
                        let (roster, peers): (Roster, [NodeID: [PeerAddress]])
                        do {
                            (roster, peers) = try await admit(node, name)
                        } catch let error as PairingError {
                            throw error
                        } catch {
                            throw PairingError.notAdmitted("\(error)")
                        }
                        guard let message = initiator.welcome(PairingWelcome(roster: roster, peers: peers)) else {
                            throw PairingError.malformed
                        }
                        try await connection.send(message)
                    case .joined:
                        guard let newcomer else { throw PairingError.malformed }
                        return newcomer
                    }
                }
            }
        } catch let error as PairingError {
            throw error
        } catch {
            throw .silent
        }
    }

    private static func connect(to addresses: [PeerAddress]) async throws(PairingError) -> PairingConnection.Stream {
        for address in addresses.prefix(addressLimit) {
            let stream = try? await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connectTimeout(connectTimeout)
                .connect(host: address.host, port: address.port) { channel in
                    channel.eventLoop.makeCompletedFuture { try PairingConnection.Stream(wrappingChannelSynchronously: channel) }
                }
            if let stream { return stream }
        }
        throw .unreachable(addresses.isEmpty ? "it tells no address" : "nothing answers at \(addresses.map(\.description).joined(separator: ", "))")
    }
}
