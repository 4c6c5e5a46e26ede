import Gossip
import NIOSSL
import Synchronization

/// Which certificate a browser sees here: the owner's own for the names it covers, else one of the mesh's authority, else a self-signed one.
///
/// Each handshake asks anew, so one takes another's place without a restart, and no connection is cut. Holds certificates and nothing else:
/// connections keep it, and one that outlives its node must not keep the rest of that.
final class ShownCertificates: Sendable {
    private struct State {
        var mesh: BrowserCertificate?
        var owner: BrowserCertificate?
    }

    /// Self-signed, the same until this node ends: for programs of this machine, which know it from a file, and for browsers until there is
    /// a better one.
    let local: BrowserCertificate
    private let state = Mutex(State())

    init(local: BrowserCertificate) { self.local = local }

    func set(mesh: BrowserCertificate?, owner: BrowserCertificate?) { state.withLock { $0 = State(mesh: mesh, owner: owner) } }

    /// For programs of this machine, for the owner's names, or for all others.
    ///
    /// - Parameter name: what the client asks for (SNI); `nil` where it asked for an address.
    func certificate(for name: String?) -> BrowserCertificate {
        if name == LocalAccess.serverName { return local }
        let state = state.withLock { $0 }
        if let name, let owner = state.owner, owner.facts.covers(name) { return owner }
        return state.mesh ?? local
    }

    /// For the server.
    var tls: TLSConfiguration {
        var tls = local.server
        tls.minimumTLSVersion = .tlsv12
        tls.sslContextCallback = { [self] hello, promise in
            let certificate = certificate(for: hello.serverHostname)
            var shown = NIOSSLContextConfigurationOverride()
            shown.certificateChain = certificate.chain.map { .certificate($0) }
            shown.privateKey = .privateKey(certificate.key)
            promise.succeed(shown)
        }
        return tls
    }
}
