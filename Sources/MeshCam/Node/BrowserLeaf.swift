import Crypto
import Foundation
import Gossip
import NIOSSL

/// The certificate that browsers see: self-signed until the mesh has its own CA. Made anew at each start.
struct BrowserLeaf: Sendable {
    /// Host names and addresses it is good for.
    let names: [String]
    let tls: TLSConfiguration
    let certificateDER: [UInt8]
    let certificatePEM: String

    init(name: String) throws {
        let host = ProcessInfo.processInfo.hostName.split(separator: ".").first.map(String.init) ?? name
        let hosts = ["localhost", "\(host).local"]
        let addresses = ["127.0.0.1", "::1"] + InterfaceAddresses.current()
        let leaf = try PeerTLS.browserLeaf(names: hosts, addresses: addresses, now: Date())
        names = hosts.reversed() + addresses.dropFirst(2)
        certificateDER = leaf.certificateDER
        certificatePEM = leaf.certificatePEM
        tls = .makeServerConfiguration(certificateChain: [.certificate(leaf.certificate)], privateKey: .privateKey(leaf.key))
    }

    /// SHA-256 of the certificate in hex, as browsers show it.
    var fingerprint: String { Array(SHA256.hash(data: Data(certificateDER))).hexText }
}
