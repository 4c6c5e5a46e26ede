import Foundation
import Testing

@testable import Gossip

/// draft-irtf-cfrg-cpace-21, appendix B.3: test vectors for CPACE-RISTR255-SHA512.
@Suite struct CPaceTests {
    private let password = Array("Password".utf8)
    private let channel = bytes("0b415f696e69746961746f720b425f726573706f6e646572")
    private let session = bytes("7e4b4791d6a8ef019b936c79fb7f2c57")
    private let generator = bytes("222b6b195fe84b1652badb6f6a3ae3d24341e7306967f0b8115b40d5698c7e56")
    private let scalarA = bytes("da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08")
    private let shareA = bytes("d6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157")
    private let scalarB = bytes("d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d")
    private let shareB = bytes("3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258")
    private let sessionKey = bytes(
        "b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd2b38950a39dfd5d4a79164614c2984f7daa460b588c1e80c3fa2068af7900447")

    private static func bytes(_ hex: String) -> [UInt8] {
        guard let bytes = [UInt8](hexDigits: hex) else { fatalError("no hexadecimal digits: \(hex)") }
        return bytes
    }

    @Test func lengths() {
        #expect(lengthValue([]) == [0])
        #expect(lengthValue(Array("1234".utf8)) == [4] + Array("1234".utf8))
        // §A.1.1 of the draft: 127 and 128 zero bytes.
        #expect(lengthValue([UInt8](repeating: 0, count: 127)).prefix(2) == [0x7f, 0])
        #expect(lengthValue([UInt8](repeating: 0, count: 128)).prefix(3) == [0x80, 0x01, 0])
    }

    @Test func publishedVector() throws {
        #expect(
            CPace.hashToGenerator(password: password, channel: channel, session: session)
                == Self.bytes(
                    "da6d3ddc8802fca9058755ffd3ebde08a9c2c74945901a258482a288b6663af06bf645c93cd1c51512307199c80e84908916d983b34af77205f90851a657ee27"))
        #expect(CPace.generator(password: password, channel: channel, session: session) == generator)
        let a = CPace(generator: generator, scalar: scalarA)
        let b = CPace(generator: generator, scalar: scalarB)
        #expect(a.share == shareA && b.share == shareB)
        let secret = try #require(a.secret(with: b.share))
        #expect(secret.copy == Self.bytes("80b69a8a76457ab6a4d7f887a4bf6b55a2f80ac19c333f917a05fc9887c8b40f"))
        #expect(b.secret(with: a.share)?.copy == secret.copy)
        let (fromA, fromB) = (
            CPace.Contribution(share: a.share, data: Array("ADa".utf8)), CPace.Contribution(share: b.share, data: Array("ADb".utf8))
        )
        let key = CPace.sessionKey(session: session, secret: secret, initiator: fromA, responder: fromB)
        #expect(key.copy == sessionKey)
    }

    /// Prefixes reproduced with an independent program (mesh.md §2); the draft publishes none.
    @Test func confirmation() {
        let key = SecretBytes(sessionKey)
        let (a, b) = (CPace.Contribution(share: shareA, data: Array("ADa".utf8)), CPace.Contribution(share: shareB, data: Array("ADb".utf8)))
        let macKey = CPace.confirmationKey(session, key).withUnsafeBytes { Array($0.prefix(16)) }
        #expect(macKey == Self.bytes("26cef0ae277a6b25bb1ad7e3ca83ce2c"))
        let (tagA, tagB) = (CPace.tag(of: a, session: session, sessionKey: key), CPace.tag(of: b, session: session, sessionKey: key))
        #expect(tagA.count == 64 && tagA.prefix(16) == Self.bytes("30478d28d83ae3b214295e91f4a3eb62")[...])
        #expect(tagB.prefix(16) == Self.bytes("e927a7da291676f8878caae9cb70407d")[...])
        #expect(CPace.isTag(tagA, of: a, session: session, sessionKey: key) && !CPace.isTag(tagA, of: b, session: session, sessionKey: key))
        var altered = tagA
        altered[63] ^= 1
        #expect(!CPace.isTag(altered, of: a, session: session, sessionKey: key))
        #expect(!CPace.isTag(Array(tagA.prefix(16)), of: a, session: session, sessionKey: key))
    }

    /// §B.3.10 of the draft: a share that is no point, and the identity.
    @Test func abortsOnInvalidShares() {
        let own = CPace(generator: generator, scalar: scalarA)
        for share in [
            Self.bytes("2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c"), [UInt8](repeating: 0, count: 32), [],
            [UInt8](repeating: 0xff, count: 32), Array(shareB.prefix(31)), shareB + [0],
        ] {
            #expect(own.secret(with: share) == nil)
        }
    }
}
