import Gossip
import HTTPTypes
import Hummingbird
import Media
import NIOCore
import Synchronization

/// Other nodes' cameras for viewers of this node whom no way leads to them (``RelayedSource``).
final class LiveRelay: Sendable {
    private let sources = Mutex<[String: RelayedSource]>([:])
    private let pumps = AsyncStream<(RelayedSource, LiveStream)>.makeStream()
    private let wishes = AsyncStream<(Member, LiveStream)>.makeStream(bufferingPolicy: .bufferingNewest(64))
    private let peers: PeerProxy

    init(peers: PeerProxy) { self.peers = peers }

    /// The camera of another node, as it comes through this one.
    func source(of member: Member) -> RelayedSource {
        sources.withLock { sources in
            let id = "\(member.id)"
            if let known = sources[id] { return known }
            let source = RelayedSource(
                open: { [peers] stream in try await peers.feed(of: member, stream) },
                wantKeyFrame: { [wishes] stream in wishes.continuation.yield((member, stream)) },
                start: { [pumps] source, stream in pumps.continuation.yield((source, stream)) })
            sources[id] = source
            return source
        }
    }

    /// Carries what is watched until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { [wishes, peers] in
                await withDiscardingTaskGroup { group in
                    for await (member, stream) in wishes.stream {
                        group.addTask { await peers.wantKeyFrame(of: member, stream) }
                    }
                }
            }
            for await (source, stream) in pumps.stream {
                group.addTask { await source.pump(stream) }
            }
        }
    }
}

extension PeerProxy {
    /// A stream of a peer's camera, as ``AccessUnitWire`` has it.
    func feed(of member: Member, _ stream: LiveStream) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable {
        let body = try await body(of: member, "/api/mesh/v1/cameras/\(member.id)/feed?stream=\(stream.rawValue)")
        return body.map { Array(buffer: $0) }
    }

    /// What does not get through is asked again by whoever still waits.
    func wantKeyFrame(of member: Member, _ stream: LiveStream) async {
        let request = Request(
            head: .init(method: .post, scheme: "https", authority: nil, path: "/api/mesh/v1/cameras/\(member.id)/key-frame?stream=\(stream.rawValue)"), body: .init(buffer: .init()))
        _ = try? await forward(request, to: member)
    }
}
