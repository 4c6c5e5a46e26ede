import Foundation

extension Doctor {
    /// Which certificate browsers see, and until when: the node that runs here is asked.
    var certificate: Finding {
        get async {
            let port = settings.network.webPort
            let local = ((try? LocalAccessDirectory().list()) ?? []).filter { $0.port == port }
            guard let told = try? await Self.told(by: local), let most = told.shown.first else {
                return Finding(
                    subject: "certificate", verdict: .limited, detail: "no node of this user answers on port \(port), so browsers see none",
                    cure: "Start it to know.")
            }
            return Self.certificate(most: most, owner: told.shown.first { $0.kind == .owner }, authority: told.authority?.fingerprint, now: Date())
        }
    }

    private static func told(by local: [LocalAccessDirectory.Found]) async throws -> CertificateResource {
        let endpoint = try APIEndpoint.resolve(node: nil, credential: .none, insecure: false, local: local)
        return try await withDeadline(.seconds(3)) {
            try await APIClient.with(endpoint) { try await $0.get("/ca", as: CertificateResource.self) }
        }
    }

    /// - Parameters:
    ///   - most: for all names but the owner's.
    ///   - owner: the owner's own.
    ///   - authority: the fingerprint of the mesh's authority, for whoever is asked to trust it.
    static func certificate(
        most: CertificateResource.Shown, owner: CertificateResource.Shown? = nil, authority: String? = nil, now: Date
    ) -> Finding {
        func words(_ shown: CertificateResource.Shown, _ whose: String) -> String {
            "\(whose), for \(shown.names.joined(separator: ", ")), until \(shown.expires.day)"
        }
        var details = [words(most, most.kind == .mesh ? "of the mesh's authority" : "self-signed, so that browsers warn")]
        if let owner { details.insert(words(owner, "your own"), at: 0) }
        if let authority, most.kind == .mesh { details.append("that authority's SHA-256 is \(authority)") }
        if let owner, now > owner.expires - OwnerCertificate.warning {
            return Finding(
                subject: "certificate", verdict: .limited, detail: details.joined(separator: "; "),
                cure: "Renew yours; the node takes the new file by itself.")
        }
        let isGood = most.kind == .mesh || owner != nil
        return Finding(
            subject: "certificate", verdict: isGood ? .good : .limited, detail: details.joined(separator: "; "),
            cure: isGood ? nil : "It becomes the mesh's when an admin types the passphrase on any dashboard, for instance to add a camera.")
    }
}
