import Foundation
import Gossip
import Testing

@testable import MeshCam

/// When certificates for browsers are made, and which of an owner's are taken.
@Suite struct BrowserCertificateTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private static let day: TimeInterval = 24 * 3600
    private static let places = BrowserCertificate.Places(names: ["porch.local"], addresses: ["10.0.0.7"])

    private func made(authority: [UInt8] = [1]) -> LeafPlan.Made {
        LeafPlan.Made(places: Self.places, authority: authority, begin: Self.now - Self.day, end: Self.now + 396 * Self.day)
    }

    private func decide(_ made: LeafPlan.Made?, places: BrowserCertificate.Places = places, authority: [UInt8]? = [1], after days: Double = 0) -> LeafPlan.Decision {
        LeafPlan.decide(made: made, places: places, authority: authority, now: Self.now + days * Self.day)
    }

    @Test func itIsMadeOnceAndAnewAtHalfLife() {
        #expect(decide(nil, authority: nil) == .keep)
        #expect(decide(nil) == .make)
        #expect(decide(made()) == .keep && decide(made(), after: 197) == .keep)
        #expect(decide(made(), after: 198) == .make)
    }

    @Test func itFollowsPlacesAndAuthority() {
        var moved = Self.places
        moved.addresses.append("10.0.0.8")
        #expect(decide(made(), places: moved) == .make)
        #expect(decide(made(), authority: [2]) == .make)
        #expect(decide(made(), authority: nil) == .drop)
    }

    @Test func clocks() {
        // A little behind: still within what was made. Far behind, then right: made anew. At its zero: nothing is dated by it.
        #expect(decide(made(), after: -0.9) == .keep)
        #expect(decide(made(), after: -30) == .make)
        #expect(LeafPlan.decide(made: nil, places: Self.places, authority: [1], now: Date(timeIntervalSince1970: 3600)) == .keep)
        #expect(LeafPlan.decide(made: made(), places: Self.places, authority: [1], now: Date(timeIntervalSince1970: 3600)) == .keep)
    }

    // MARK: The owner's

    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func settings(_ certificate: String, _ key: String) -> NetworkSettings {
        var network = NetworkSettings()
        (network.certificate, network.certificateKey) = (certificate, key)
        return network
    }

    private func refusal(_ certificate: String, _ key: String) -> CertificateFiles.Unusable? {
        do throws(CertificateFiles.Unusable) {
            _ = try CertificateFiles(settings(certificate, key))?.read()
            return nil
        } catch {
            return error
        }
    }

    @Test func filesThatCannotBeUsed() throws {
        let one = try TestCertificate(), other = try TestCertificate()
        let (certificate, key) = (try directory.file("cert.pem", one.pem), try directory.file("key.pem", one.keyPEM))
        #expect(CertificateFiles(NetworkSettings()) == nil)
        #expect(refusal(certificate, key) == nil)
        let gone = refusal("\(directory.path)/gone.pem", key)
        #expect(gone?.setting == "network.certificate" && gone?.description == "\(directory.path)/gone.pem cannot be read: No such file or directory. Name a file that exists.")
        #expect(refusal(certificate, try directory.file("other.pem", other.keyPEM))?.reason == "is not the key of \(certificate)")
        #expect(refusal(key, key)?.reason == "holds no certificate in PEM")
        #expect(refusal(certificate, certificate)?.setting == "network.certificate_key")
        #expect(refusal(certificate, directory.path)?.reason == "is no file of PEM text")
        let pipe = "\(directory.path)/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(refusal(pipe, key)?.reason == "is no file of PEM text")
    }

    @Test func aBadFileStopsTheStart() throws {
        let one = try TestCertificate()
        let (certificate, key) = (try directory.file("cert.pem", one.pem), try directory.file("key.pem", "nothing"))
        let file = try directory.file("meshcam.toml", "[network]\ncertificate = \"\(certificate)\"\ncertificate_key = \"\(key)\"")
        do {
            _ = try Settings.load(config: file, environment: [:], host: HostFacts(hostName: "a", userID: 1, environment: [:]))
            Issue.record("a bad key was accepted")
        } catch {
            #expect(
                error.description == "\(file):3: network.certificate_key: \(key) holds no private key in PEM, or one under a passphrase. "
                    + "Name the file with the certificate's key, often called privkey.pem.")
        }
    }

    @Test func newFilesAreTakenAndBadOnesLeaveTheOld() throws {
        let one = try TestCertificate(), other = try TestCertificate()
        let (certificate, key) = (try directory.file("cert.pem", one.pem), try directory.file("key.pem", one.keyPEM))
        var owner = try OwnerCertificate(try #require(CertificateFiles(settings(certificate, key))))
        #expect(owner.refresh() == nil && owner.problems(now: Self.now).isEmpty)
        _ = try directory.file("cert.pem", other.pem + "\n")
        #expect(owner.refresh()?.contains("the one from before stays") == true)
        #expect(owner.certificate.facts.fingerprint == one.sha256)
        #expect(owner.problems(now: Self.now).first?.message.contains("\(key) is not the key of \(certificate)") == true)
        _ = try directory.file("key.pem", other.keyPEM + "\n")
        #expect(owner.refresh()?.contains("read again") == true)
        #expect(owner.certificate.facts.fingerprint == other.sha256 && owner.problems(now: Self.now).isEmpty)
        let end = owner.certificate.facts.end
        #expect(owner.problems(now: end - 15 * Self.day).isEmpty)
        #expect(owner.problems(now: end - 13 * Self.day).first?.message == "the certificate \(certificate) ends on 9999-12-31")
        #expect(owner.problems(now: end + 1).first?.message == "the certificate \(certificate) ended on 9999-12-31")
    }

    @Test func whatDoctorSays() {
        func shown(_ kind: CertificateResource.Shown.Kind, _ name: String, days: Double = 300) -> CertificateResource.Shown {
            .init(kind: kind, names: [name], fingerprint: "", expires: Self.now + days * Self.day)
        }
        func say(_ most: CertificateResource.Shown, _ owner: CertificateResource.Shown? = nil) -> Doctor.Finding {
            Doctor.certificate(most: most, owner: owner, now: Self.now)
        }
        #expect(say(shown(.mesh, "a.local")).detail == "of the mesh's authority, for a.local, until 2027-11-11")
        #expect(Doctor.certificate(most: shown(.mesh, "a.local"), authority: "ab", now: Self.now).detail.hasSuffix("2027-11-11; that authority's SHA-256 is ab"))
        #expect(say(shown(.mesh, "a.local")).verdict == .good && say(shown(.own, "a.local")).verdict == .limited)
        #expect(say(shown(.own, "a.local")).detail.contains("browsers warn") && say(shown(.own, "a.local")).cure?.contains("passphrase") == true)
        let both = say(shown(.own, "a.local"), shown(.owner, "cam.example.org"))
        #expect(both.verdict == .good && both.detail.hasPrefix("your own, for cam.example.org, until 2027-11-11; "))
        #expect(say(shown(.mesh, "a.local"), shown(.owner, "cam.example.org", days: 13)).verdict == .limited)
    }
}
