import Foundation
import Gossip
import Testing

@testable import MeshCam

@Suite struct UserListTests {
    private func user(_ name: String, _ role: Caller.Role = .viewer, opensRoot: Bool = false) -> UsersConfig.User {
        var user = UsersConfig.User()
        (user.name, user.role) = (name, role.rawValue)
        if opensRoot { user.sealedRootKey = Data([1]) }
        return user
    }

    private func list(_ users: UsersConfig.User...) throws -> UserList {
        var config = UsersConfig()
        config.users = users
        return UserList(try config.serializedBytes())
    }

    private func status(_ act: () throws -> Void) -> Int? {
        do { try act() } catch { return (error as? ProblemDetails)?.status }
        return nil
    }

    @Test(arguments: ["", "me", "ME", "local", "a/b", " a", "a\u{202E}b", String(repeating: "x", count: 33)]) func unusableNames(name: String) throws {
        let list = try list(user("ann", .admin))
        #expect(status { try list.checkNew(name) } == 400)
    }

    @Test func namesAreUniqueWhateverTheCase() throws {
        var list = try list(user("ann", .admin))
        #expect(status { try list.add(user("Ann")) } == 409)
        try list.add(user("Zoë"))
        #expect(status { try list.add(user("Zoe\u{308}")) } == 409, "the same letters, composed differently")
    }

    @Test func staysBounded() throws {
        var list = try list(user("ann", .admin))
        for number in 1..<UserList.limit { try list.add(user("user \(number)")) }
        #expect(status { try list.add(user("one more")) } == 409)
        #expect(try list.bytes().count < 256 << 10)
    }

    @Test func somebodyCanAlwaysAdminister() throws {
        var list = try list(user("ann", .admin), user("ben"))
        let ann = try #require(list[name: "ann"])
        #expect(status { try list.remove("ann") } == 409)
        list = try self.list(user("ann", .admin), user("ben"))
        #expect(status { try list.replace(ann, by: user("ann")) } == 409)
        list = try self.list(user("ann", .admin), user("ben", .admin))
        #expect(status { try list.replace(ann, by: user("ann")) } == nil)
        #expect(status { try list.remove("ben") } == 409)
    }

    @Test func somebodyCanAlwaysOpenTheRoot() throws {
        var list = try list(user("ann", .admin, opensRoot: true), user("ben", .admin))
        #expect(status { try list.remove("ben") } == nil)
        list = try self.list(user("ann", .admin, opensRoot: true), user("ben", .admin))
        #expect(status { try list.remove("ann") } == 409)
    }

    @Test func aChangeOfWhatHasChangedIsRefused() throws {
        var list = try list(user("ann", .admin), user("ben"))
        #expect(status { try list.replace(user("ben", opensRoot: true), by: user("ben", .admin)) } == 412)
        #expect(status { try list.remove("nobody") } == 404)
    }

    @Test func passwords() {
        #expect(status { try PasswordRule.check("eleven char", role: .admin) } == 400)
        #expect(status { try PasswordRule.check("twelve chars", role: .admin) } == nil)
        #expect(status { try PasswordRule.check("seven77", role: .viewer) } == 400)
        #expect(status { try PasswordRule.check("eight888", role: .viewer) } == nil)
        #expect(status { try PasswordRule.check(String(repeating: "x", count: 1025), role: .viewer) } == 400)
    }

    @Test func listsOfCameras() {
        #expect(status { try CameraRule.check(["a", "b"], role: .viewer, known: ["a", "b", "c"]) } == nil)
        #expect(status { try CameraRule.check(["x"], role: .viewer, known: ["a"]) } == 400)
        #expect(status { try CameraRule.check(["a", "a"], role: .viewer, known: ["a"]) } == 400)
        #expect(status { try CameraRule.check(["a"], role: .admin, known: ["a"]) } == 400)
        let many = (0...UserList.cameraLimit).map(String.init)
        #expect(status { try CameraRule.check(many, role: .viewer, known: Set(many)) } == 400)
    }

    @Test func tokensThatAreOverMakeRoom() throws {
        var list = TokenList(nil)
        for number in 0..<TokenList.limit {
            var token = TokensConfig.Token()
            (token.id, token.expiresUnix, token.madeBy) = ("\(number)", number == 0 ? 100 : 0, number == 1 ? "ben" : "ann")
            try list.add(token, now: Date(timeIntervalSince1970: 50))
        }
        #expect(status { try list.add(TokensConfig.Token(), now: Date(timeIntervalSince1970: 99)) } == 409)
        #expect(status { try list.add(TokensConfig.Token(), now: Date(timeIntervalSince1970: 100)) } == nil)
        #expect(status { try list.remove("0") } == 404)
        list.removeAll(madeBy: "ben")
        #expect(TokenList(try list.bytes()).tokens.count == TokenList.limit - 1)
    }
}
