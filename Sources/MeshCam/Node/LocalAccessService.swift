import Foundation
import Gossip
import Logging

/// Leaves a note for programs of this user on this machine, while the node runs: where it is, and a token that opens it.
struct LocalAccessService: Sendable {
    let node: NodeServices
    let certificate: BrowserCertificate
    let logger: Logger

    func run() async {
        let directory = LocalAccessDirectory()
        let port = node.settings.network.webPort
        do {
            try directory.write(
                LocalAccess(
                    url: "https://localhost:\(port)", httpUrl: node.settings.network.httpPort.map { "http://localhost:\($0)" },
                    token: node.localAccess.value, certificateSHA256: certificate.facts.fingerprint,
                    certificatePEM: PEM.certificate(certificate.der), serverName: LocalAccess.serverName, node: node.id, name: node.name,
                    pid: getpid()),
                port: port)
        } catch {
            logger.warning("commands on this machine will ask for a password: \(error)")
        }
        await Task.untilCancelled()
        directory.remove(port: port)
    }
}
