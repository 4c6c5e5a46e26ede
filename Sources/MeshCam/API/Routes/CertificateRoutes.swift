import Foundation
import Gossip
import HTTPTypes
import Hummingbird

/// `/ca`: the mesh's authority for browsers, to be trusted once on each phone and computer. Open to everybody, because who needs it has not
/// signed in yet; nothing of it is secret.
struct CertificateRoutes: Sendable {
    let node: NodeServices

    func add(to group: RouterGroup<APIContext>) {
        group.get("ca") { [node] _, _ in
            let facts = (try? Self.authority(node)).flatMap { CertificateFacts(der: $0) }
            return try Response.json(
                CertificateResource(
                    authority: facts.map { .init(name: $0.subject, fingerprint: $0.fingerprint, expires: $0.end) }, shown: node.browserDoor.resources))
        }
        // The type that makes phones and Firefox offer to install it (RFC 5280 has none for one certificate; browsers agree on this one).
        group.get("ca.crt") { [node] _, _ in Self.file(try Self.authority(node), type: "application/x-x509-ca-cert", name: "meshcam-ca.crt") }
        group.get("ca.pem") { [node] _, _ in
            Self.file(Array(PEM.certificate(try Self.authority(node)).utf8), type: "application/x-pem-file", name: "meshcam-ca.pem")
        }
    }

    private static func authority(_ node: NodeServices) throws -> [UInt8] {
        guard let bytes = node.gossip.view.config[SharedConfigKey.browserCA], let certificates = BrowserCertificates(bytes: bytes) else {
            throw ProblemDetails(
                title: "No certificate yet", status: 404, detail: "This mesh has no certificate authority of its own yet.",
                cure: "It is made when an admin types the passphrase: POST /api/mesh/v1/session/unlock.")
        }
        return certificates.authority
    }

    private static func file(_ bytes: [UInt8], type: String, name: String) -> Response {
        Response(
            status: .ok,
            // Inline: an attachment is a file in a folder to iOS, and not something to install.
            headers: [.contentType: type, .contentDisposition: "inline; filename=\"\(name)\"", .cacheControl: "no-store", .xContentTypeOptions: "nosniff"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
