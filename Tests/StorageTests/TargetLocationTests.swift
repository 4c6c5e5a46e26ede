import Foundation
import Testing

@testable import Storage

@Suite struct TargetLocationTests {
    @Test(arguments: [
        ("/mnt/nas", "/mnt/nas"), ("/mnt//nas/", "/mnt/nas"), ("/", "/"),
        ("smb://NAS.local/Cam", "smb://nas.local/Cam"), ("SMB://nas/cam/", "smb://nas/cam"), ("smb://nas:1445/cam/house 1/x", "smb://nas:1445/cam/house 1/x"),
        ("smb://[fe80::1%eth0]:445/c", "smb://[fe80::1%eth0]:445/c"), ("smb://192.168.1.2/c//d", "smb://192.168.1.2/c/d"),
    ])
    func reads(text: String, written: String) throws {
        let location = try TargetLocation(text)
        #expect("\(location)" == written)
        #expect(try TargetLocation("\(location)") == location, "what it writes it reads")
        #expect(try JSONDecoder().decode([TargetLocation].self, from: JSONEncoder().encode([location])) == [location])
    }

    @Test(arguments: [
        "", "nas", "./nas", "~/nas", "/mnt/../etc", "nfs://nas/x", "smb://", "smb:///cam", "smb://nas", "smb://nas/", "smb://nas/../x", "smb://nas/a/../b",
        "smb://user:secret@nas/cam", "smb://nas:0/c", "smb://nas:99999/c", "smb://nas:x/c", "smb://fe80::1/c", "smb://[fe80::1/c", "smb://[::1]x/c",
        "smb://na s/c", "smb://nas/a\\b", "/mnt/\n", "smb://nas/c\0", "smb://ä/c", String(repeating: "/a", count: 600),
    ])
    func refuses(text: String) {
        #expect(throws: TargetLocation.Malformed.self) { try TargetLocation(text) }
    }

    /// What people paste by mistake is not repeated in logs.
    @Test func aPasswordInAnAddressIsNotShown() {
        do {
            _ = try TargetLocation("smb://user:secret@nas/cam")
        } catch {
            #expect(!"\(error)".contains("secret"))
        }
        let credentials = TargetCredentials(user: "u", password: "secret")
        #expect(!"\(credentials)".contains("secret") && !String(reflecting: credentials).contains("secret"))
    }
}
