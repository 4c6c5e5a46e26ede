import Crypto
import Foundation
import NIOSSL
import Testing
import X509

@testable import Gossip

/// The mesh's authority for browsers, judged by OpenSSL.
@Suite struct BrowserCATests {
    private let mesh = TestMesh.shared
    private let openSSL = OpenSSL()
    private static let places = BrowserCertificate.Places(
        names: ["porch.local", "localhost", "cam.home.arpa"], addresses: ["127.0.0.1", "::1", "192.168.1.7", "fd00::7", "169.254.3.4", "fe80::9"])

    private var authority: BrowserAuthority { BrowserAuthority(root: mesh.root, mesh: "our house") }

    private func completed(
        _ current: [UInt8] = [], by authority: BrowserAuthority? = nil, members: ArraySlice<NodeIdentity>? = nil, known: ArraySlice<NodeIdentity>? = nil
    ) throws -> BrowserCertificates? {
        let members = members ?? mesh.identities[0..<3]
        let keys = Dictionary(uniqueKeysWithValues: (known ?? members).map { ($0.id, $0.browserAuthority.publicKey) })
        return try BrowserCertificates.completed(current, by: authority ?? self.authority, members: members.map(\.id), keys: keys)
    }

    private func chain(_ places: BrowserCertificate.Places, node: Int = 0) throws -> (chain: [[UInt8]], authority: [UInt8]) {
        let certificates = try #require(try completed())
        let own = mesh.identities[node].browserAuthority
        let certificate = try #require(certificates.certificate(of: mesh.identities[node].id, publicKey: own.publicKey))
        let leaf = try BrowserCertificate.signed(places, by: own, certificate, now: Date())
        return (try leaf.chain.map { try $0.toDERBytes() }, certificates.authority)
    }

    /// Scalars by Python's hashlib.blake2b, public keys of them by OpenSSL 3.0 (`openssl ec -pubout -conv_form compressed`).
    @Test(arguments: [
        ("meshcam-browser-ca-1", "0265fac83143781240af0c70a3dd1533f486deed4e54899d41d7bd1f66aeb7fd51"),
        ("meshcam-node-browser-ca-1", "0280190a23f10f329bb1ab8a7866aa6ed4bfc4e1edbb2ba282a1363f0d0dcb5be3"),
    ])
    func keysFollowFromTheSecret(context: String, publicKey: String) {
        let key = DerivedKey.p256(from: Array(0..<32), context: context)
        #expect(key.publicKey.compressedRepresentation.hexDigits == publicKey)
    }

    @Test func theAuthorityIsTheRootsOwn() throws {
        let root = RootKey(key: try #require(SigningKey(seed: Array(0..<32))), meshID: mesh.genesis.meshID)
        let key = BrowserAuthority(root: root, mesh: "a").publicKey
        #expect(key.compressedRepresentation.hexDigits == "0265fac83143781240af0c70a3dd1533f486deed4e54899d41d7bd1f66aeb7fd51")
        #expect("\(authority)" == "<browser authority>" && "\(mesh.identities[0].browserAuthority)".count < 40)
    }

    @Test func openSSLTakesWhatIsAtHome() throws {
        let (chain, authority) = try self.chain(Self.places)
        #expect(chain.count == 2)
        for name in Self.places.names {
            let verdict = try openSSL.verify(chain, authority: authority, ["-verify_hostname", name])
            #expect(verdict.isGood, "\(name): \(verdict.why)")
        }
        for address in Self.places.addresses {
            let verdict = try openSSL.verify(chain, authority: authority, ["-verify_ip", address])
            #expect(verdict.isGood, "\(address): \(verdict.why)")
        }
        #expect(try !openSSL.verify(chain, authority: authority, ["-verify_hostname", "garage.local"]).isGood)
    }

    @Test(arguments: [
        BrowserCertificate.Places(names: ["example.com"], addresses: []), .init(names: ["porch.local", "notlocal"], addresses: []),
        .init(names: ["porch.local"], addresses: ["8.8.8.8"]), .init(names: ["porch.local"], addresses: ["172.32.0.1"]),
        .init(names: ["porch.local"], addresses: ["2001:db8::1"]), .init(names: ["example.com.local.example.com"], addresses: []),
    ])
    func openSSLRefusesTheWeb(places: BrowserCertificate.Places) throws {
        let (chain, authority) = try self.chain(places)
        let verdict = try openSSL.verify(chain, authority: authority)
        #expect(!verdict.isGood && verdict.why.contains("permitted subtree violation"), "\(verdict.why)")
        #expect(places.atHome != places, "and nobody is asked to sign it")
    }

    /// A node may make servers' certificates, and no further authorities.
    @Test func aNodesAuthorityEndsThere() throws {
        let (chain, authority) = try self.chain(Self.places)
        let (own, other) = (mesh.identities[0].browserAuthority, mesh.identities[5].browserAuthority)
        let limits = try #require(AuthorityCertificate.read(chain[1])).certificate.extensions.basicConstraints
        #expect(limits == .isCertificateAuthority(maxPathLength: 0))
        let below = try AuthorityCertificate.make(
            for: .node(other.id, key: other.key.publicKey), pathLength: 0, by: .node(own.id, key: own.key.publicKey), key: own.key)
        let leaf = try BrowserCertificate.signed(Self.places, by: other, below, now: Date())
        let verdict = try openSSL.verify([leaf.der, below, chain[1]], authority: authority)
        #expect(!verdict.isGood && verdict.why.contains("path length constraint exceeded"), "\(verdict.why)")
    }

    @Test func whatIsMissingIsAdded() throws {
        let first = try #require(try completed())
        #expect(try completed(first.bytes) == nil, "nothing is to change")
        #expect(BrowserCertificates(bytes: first.bytes) == first)
        for identity in mesh.identities[0..<3] {
            #expect(first.certificate(of: identity.id, publicKey: identity.browserAuthority.publicKey) != nil)
        }
        let (old, new) = (mesh.identities[0], mesh.identities[4])
        // One goes, one comes, one is not heard.
        let second = try #require(try completed(first.bytes, members: mesh.identities[1..<5], known: mesh.identities[2..<5]))
        #expect(second.authority == first.authority, "people trust that very certificate")
        #expect(second.certificate(of: old.id, publicKey: old.browserAuthority.publicKey) == nil)
        #expect(second.certificate(of: new.id, publicKey: new.browserAuthority.publicKey) != nil)
        for kept in mesh.identities[1..<3] {
            let key = kept.browserAuthority.publicKey
            #expect(second.certificate(of: kept.id, publicKey: key) == first.certificate(of: kept.id, publicKey: key))
        }
    }

    @Test func anotherKeyAndAnotherRootAreCertifiedAnew() throws {
        let first = try #require(try completed())
        let (one, other) = (mesh.identities[0], mesh.identities[7].browserAuthority.publicKey)
        #expect(first.certificate(of: one.id, publicKey: other) == nil)
        let second = try #require(try BrowserCertificates.completed(first.bytes, by: authority, members: [one.id], keys: [one.id: other]))
        #expect(second.authority == first.authority && second.certificate(of: one.id, publicKey: other) != nil)

        let (_, root, _) = Founding.found(name: "another")
        let third = try #require(try completed(first.bytes, by: BrowserAuthority(root: root, mesh: "our house")))
        let key = one.browserAuthority.publicKey
        #expect(third.authority != first.authority)
        #expect(third.certificate(of: one.id, publicKey: key) != first.certificate(of: one.id, publicKey: key))
        // Nor does a node take another authority's certificate for its own.
        var forged = try BrowserCAConfig(serializedBytes: third.bytes)
        forged.certificate = Data(first.authority)
        let mixed = try #require(BrowserCertificates(bytes: forged.wireBytes))
        #expect(mixed.certificate(of: one.id, publicKey: key) == nil)
        #expect(try completed(mixed.bytes)?.certificate(of: one.id, publicKey: key) != nil, "and whoever holds the root mends that")
    }

    /// An admin's key signs the shared value. It must not make cameras offer an authority that may do more than ours.
    @Test func anAuthorityWithoutLimitsIsNone() throws {
        var config = BrowserCAConfig()
        config.certificate = Data(mesh.identities[0].tlsCertificateDER)
        #expect(BrowserCertificates(bytes: config.wireBytes) == nil)
        #expect(BrowserCertificates(bytes: []) == nil)
        // Limited, but signed by somebody else.
        let (own, other) = (mesh.identities[0].browserAuthority, mesh.identities[1].browserAuthority)
        let holder = try AuthorityCertificate.Holder.node(own.id, key: own.key.publicKey)
        config.certificate = Data(try AuthorityCertificate.make(for: holder, pathLength: 1, by: holder, key: other.key))
        #expect(BrowserCertificates(bytes: config.wireBytes) == nil)
    }

    @Test func alteredValuesEndNothing() throws {
        let good = try #require(try completed(members: mesh.identities[0..<1])).bytes
        let identity = mesh.identities[0]
        var stillGood = 0
        for index in good.indices {
            var altered = good
            altered[index] ^= 0x41
            let read = BrowserCertificates(bytes: altered)
            if read?.certificate(of: identity.id, publicKey: identity.browserAuthority.publicKey) != nil { stillGood += 1 }
            _ = BrowserCertificates(bytes: Array(good.prefix(index)))
        }
        #expect(stillGood == 0, "every byte is signed or names what is signed")
    }

    @Test func aLargeMeshFits() throws {
        let own = mesh.identities[0].browserAuthority.publicKey
        let ids = (0..<400).compactMap { NodeID(bytes: blake2b([UInt8($0 >> 8), UInt8($0 & 0xff)], length: 16)) }
        let certificates = try #require(
            try BrowserCertificates.completed([], by: authority, members: ids, keys: Dictionary(uniqueKeysWithValues: ids.map { ($0, own) })))
        #expect(certificates.bytes.count <= SharedConfig.valueLimit)
        #expect(ids.filter { certificates.certificate(of: $0, publicKey: own) != nil }.count == BrowserCertificates.nodeLimit)
    }

    @Test func foundingCertifiesItsNode() throws {
        let identity = mesh.identities[0]
        var trust = TrustStore(
            directory: "/nowhere", genesis: mesh.genesis,
            records: [mesh.root.admit(identity.public, name: "a", serial: 1), mesh.root.certify(mesh.admin.publicKey, name: "admin", serial: 2)])
        try trust.certifyForBrowsers([identity], root: mesh.root, admin: mesh.admin)
        let certificates = try #require(trust.values[SharedConfigKey.browserCA].flatMap { BrowserCertificates(bytes: $0) })
        #expect(certificates.certificate(of: identity.id, publicKey: identity.browserAuthority.publicKey) != nil)
        #expect(CertificateFacts(der: certificates.authority)?.subject == "MeshCam test")
    }

    @Test(arguments: [
        ("porch.local", true), ("a.b.Local", true), ("localhost", true), ("cam.home.arpa", true), ("x.internal", true), ("local.example", false),
        ("example.com", false), ("notlocal", false), ("home.arpa.com", false), ("", false), ("-a.local", false), ("a..local", false),
        ("a b.local", false), ("pörch.local", false), ("*.local", false),
    ])
    func names(name: String, isPermitted: Bool) {
        #expect(HomeNames.permits(name: name) == isPermitted)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("10.255.0.1", true), ("172.15.0.1", false), ("172.16.0.1", true), ("172.31.9.9", true), ("172.32.0.1", false),
        ("192.168.0.1", true), ("192.169.0.1", false), ("169.254.1.1", true), ("100.64.0.1", false), ("8.8.8.8", false), ("::1", true), ("::2", false),
        ("fe80::1%eth0", true), ("febf::1", true), ("fec0::1", false), ("fc00::1", true), ("fdff::1", true), ("fe00::1", false), ("2001:db8::1", false),
        ("porch", false),
    ])
    func addresses(address: String, isPermitted: Bool) {
        #expect(HomeNames.permits(address: address) == isPermitted)
    }

    @Test func coverage() throws {
        let facts = try BrowserCertificate.selfSigned(.init(names: ["a.example.org", "*.cams.example.org"], addresses: []), now: Date()).facts
        for name in ["a.example.org", "A.Example.org", "x.cams.example.org"] { #expect(facts.covers(name), "\(name)") }
        for name in ["example.org", "b.example.org", "cams.example.org", "x.y.cams.example.org", "", "*"] { #expect(!facts.covers(name), "\(name)") }
    }

    @Test func ownersFiles() throws {
        let one = P256.Signing.PrivateKey(), other = P256.Signing.PrivateKey()
        let pem = Array(PEM.certificate(try NodeCertificate.selfSigned(by: one)).utf8)
        func outcome(_ certificate: [UInt8], _ key: [UInt8]) -> BadCertificate? {
            do throws(BadCertificate) {
                _ = try BrowserCertificate(certificatePEM: certificate, keyPEM: key)
                return nil
            } catch {
                return error
            }
        }
        #expect(outcome(pem, Array(one.pemRepresentation.utf8)) == nil)
        #expect(outcome(pem, Array(other.pemRepresentation.utf8)) == .anotherKey)
        #expect(outcome(pem, pem) == .noKey && outcome(pem, []) == .noKey)
        for junk in [[], Array("hello".utf8), Array(one.pemRepresentation.utf8)] { #expect(outcome(junk, Array(one.pemRepresentation.utf8)) == .noCertificate) }
    }
}
