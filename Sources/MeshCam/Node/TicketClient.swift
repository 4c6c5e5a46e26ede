import AsyncHTTPClient
import Gossip
import NIOCore
import NIOHTTP1
import NIOSSL

/// The newcomer's requests on the wire.
enum TicketClient {
    private static let path = "/api/mesh/v1/join"
    /// For a member's first word. Default 3 s.
    private static let offerDeadline = Duration.seconds(3)
    private static let answerDeadline = Duration.seconds(10)
    /// For a second member, once a first one has taken the newcomer in.
    private static let secondOpinion = Duration.milliseconds(1500)
    /// So many addresses are asked at once; more are left for the next try.
    private static let addressLimit = 32

    /// Asks members one after another, as they answer, until two have taken the newcomer in, or all there are.
    ///
    /// Two, because a member that was revoked would not say so. What a second one gives is joined with what the first one gave, and
    /// revocations come with it.
    ///
    /// - Throws: the most telling of all reasons.
    static func ask(_ addresses: [PeerAddress], _ newcomer: JoinNewcomer) async throws(JoinError) -> JoinWelcome {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(2)
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        // Signatures decide, see JoinNewcomer.
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        configuration.tlsConfiguration = tls
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result = await ask(Array(addresses.prefix(addressLimit)), newcomer, client)
        try? await client.shutdown()
        return try result.get()
    }

    private static func ask(_ addresses: [PeerAddress], _ newcomer: JoinNewcomer, _ client: HTTPClient) async -> Result<JoinWelcome, JoinError> {
        await withTaskGroup(of: (PeerAddress, Result<JoinOffer, JoinError>)?.self) { group in
            for address in addresses { group.addTask { (address, await offer(of: address, client)) } }
            var errors: [JoinError] = []
            var asked: Set<[UInt8]> = []
            var welcome: JoinWelcome?
            for await next in group {
                guard let (address, result) = next else { break }
                do throws(JoinError) {
                    let offer = try result.get()
                    guard asked.insert(offer.member).inserted else { continue }
                    let request = newcomer.request(for: offer)
                    let answer = try await send(request.bytes, to: address, client)
                    let new = try newcomer.welcome(answer, to: request)
                    if welcome != nil {
                        welcome?.merge(new)
                        break
                    }
                    welcome = new
                    group.addTask {
                        try? await ContinuousClock().sleep(for: secondOpinion)
                        return nil
                    }
                } catch {
                    errors.append(error)
                }
            }
            group.cancelAll()
            guard let welcome else { return .failure(.worst(errors)) }
            return newcomer.isMember(of: welcome) ? .success(welcome) : .failure(.notGenuine)
        }
    }

    private static func offer(of address: PeerAddress, _ client: HTTPClient) async -> Result<JoinOffer, JoinError> {
        do {
            let bytes = try await withDeadline(offerDeadline) {
                let response = try await client.execute(message(to: address), deadline: .now() + .seconds(4))
                guard response.status == .ok else { return [UInt8]() }
                return Array(buffer: try await response.body.collect(upTo: 1024))
            }
            return .success(try JoinOffer(untrusted: bytes))
        } catch let error as JoinError {
            return .failure(error)
        } catch {
            return .failure(.silent)
        }
    }

    private static func send(_ request: [UInt8], to address: PeerAddress, _ client: HTTPClient) async throws(JoinError) -> [UInt8] {
        do {
            return try await withDeadline(answerDeadline) {
                var post = message(to: address)
                post.method = .POST
                post.headers.add(name: "Content-Type", value: "application/octet-stream")
                post.body = .bytes(ByteBuffer(bytes: request))
                let response = try await client.execute(post, deadline: .now() + .seconds(11))
                guard response.status == .ok else { return JoinAnswer.refusal(response.status == .tooManyRequests ? .busy : .notUnderstood) }
                return Array(buffer: try await response.body.collect(upTo: JoinNewcomer.answerLimit))
            }
        } catch {
            throw .silent
        }
    }

    private static func message(to address: PeerAddress) -> HTTPClientRequest {
        let host = PeerHost(address.host)
        var message = HTTPClientRequest(url: "https://\(host.inURL):\(address.port)\(path)")
        message.headers.add(name: "Host", value: "\(host.name):\(address.port)")
        return message
    }
}
