import Foundation
import Testing

@testable import Gossip

@Suite struct DataKeysTests {
    private let mesh = TestMesh.shared
    private func members(_ places: Range<Int>) -> [Admission] {
        places.compactMap { mesh.roster.admission(of: mesh.identities[$0].id) }
    }

    @Test func membersOpenAndOthersDoNot() throws {
        var keys = SealedDataKeys()
        #expect(keys.epoch == 0 && keys.keyring(of: mesh.identities[0]).seal([1], purpose: "x") == nil)
        keys.renew(for: members(0..<3))
        let kept = try #require(SealedDataKeys(keys.bytes))
        let sealed = try #require(kept.keyring(of: mesh.identities[0]).seal(Array("hunter2".utf8), purpose: "nas-password a"))
        #expect(kept.epoch == 1 && kept.keyring(of: mesh.identities[2]).open(sealed, purpose: "nas-password a") == Array("hunter2".utf8))
        #expect(kept.keyring(of: mesh.identities[3]).open(sealed, purpose: "nas-password a") == nil, "not a member when it was made")
        #expect(kept.keyring(of: mesh.identities[2]).open(sealed, purpose: "nas-password b") == nil, "not what it was sealed for")
        for place in sealed.indices {
            var altered = sealed
            altered[place] ^= 1
            #expect(kept.keyring(of: mesh.identities[1]).open(altered, purpose: "nas-password a") == nil)
        }
        for length in 0..<sealed.count { #expect(kept.keyring(of: mesh.identities[1]).open(Array(sealed.prefix(length)), purpose: "nas-password a") == nil) }
        #expect("\(kept.keyring(of: mesh.identities[0]))" == "<1 data keys>")
    }

    /// A revocation begins another epoch: what is sealed from then on, the revoked node cannot open; a newcomer opens all.
    @Test func revokedAndNew() throws {
        var keys = SealedDataKeys()
        keys.renew(for: members(0..<3))
        let old = try #require(keys.keyring(of: mesh.identities[0]).seal([1], purpose: "x"))
        keys.renew(for: members(0..<2))
        let new = try #require(keys.keyring(of: mesh.identities[0]).seal([2], purpose: "x"))
        #expect(keys.epoch == 2 && keys.keyring(of: mesh.identities[1]).open(old, purpose: "x") == [1] && keys.keyring(of: mesh.identities[1]).open(new, purpose: "x") == [2])
        #expect(keys.keyring(of: mesh.identities[2]).open(new, purpose: "x") == nil && keys.keyring(of: mesh.identities[2]).open(old, purpose: "x") == nil)
        var lent = keys
        let gave = [lent.complete(for: members(0..<5), by: mesh.identities[7])] + (0..<2).map { _ in keys.complete(for: members(0..<5), by: mesh.identities[1]) }
        #expect(gave == [false, true, false], "who has no key gives none, and nobody gives twice")
        #expect(keys.keyring(of: mesh.identities[4]).open(old, purpose: "x") == [1] && keys.keyring(of: mesh.identities[4]).open(new, purpose: "x") == [2])
    }

    /// Two admins begin the same epoch at once, and one of the two is lost: its values say so, and do not open as something else.
    @Test func aLostEpochIsNotMistaken() throws {
        var (a, b) = (SealedDataKeys(), SealedDataKeys())
        a.renew(for: members(0..<2))
        b.renew(for: members(0..<2))
        let sealed = try #require(a.keyring(of: mesh.identities[0]).seal([1], purpose: "x"))
        #expect(b.keyring(of: mesh.identities[0]).open(sealed, purpose: "x") == nil)
    }

    /// A revocation must work in a mesh of any size: earlier epochs give way before the value is one that nobody takes.
    @Test func aMeshOfHundredsKeepsWhatFits() throws {
        let crowd = (0..<330).map { number in
            let bytes = blake2b(Array("\(number)".utf8), length: 32)
            let node = NodeIdentity.Public(
                id: NodeID(bytes: blake2b(bytes, length: 16))!, signPublicKey: bytes, dhPublicKey: mesh.identities[number % 10].dhPublicKey, tlsKeyHash: bytes,
                hardware: "")
            return mesh.root.admit(node, name: "n\(number)", serial: UInt64(number))
        }
        let many = crowd.compactMap { Admission(body: $0.body) } + members(0..<10)
        #expect(many.count == 340)
        var keys = SealedDataKeys()
        for _ in 0..<SealedDataKeys.epochLimit {
            keys.renew(for: many)
            #expect(keys.bytes.count <= SharedConfig.valueLimit)
        }
        #expect(keys.keyring(of: mesh.identities[3]).description == "<7 data keys>")
        let sealed = try #require(keys.keyring(of: mesh.identities[0]).seal([7], purpose: "x"))
        #expect(keys.keyring(of: mesh.identities[9]).open(sealed, purpose: "x") == [7])
        // Newcomers, too.
        keys = SealedDataKeys()
        for _ in 0..<SealedDataKeys.epochLimit { keys.renew(for: members(0..<10)) }
        let gave = keys.complete(for: many, by: mesh.identities[0])
        #expect(gave && keys.bytes.count <= SharedConfig.valueLimit && keys.epoch == UInt32(SealedDataKeys.epochLimit))
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>) func boundedAndSafe(seed: UInt64) {
        var keys = SealedDataKeys()
        for _ in 0..<SealedDataKeys.epochLimit + 3 { keys.renew(for: members(0..<2)) }
        #expect(keys.epoch == UInt32(SealedDataKeys.epochLimit + 3) && SealedDataKeys(keys.bytes)?.keyring(of: mesh.identities[0]).description == "<8 data keys>")
        var rng = Randomness.seeded(seed)
        for _ in 0..<500 {
            var bytes = keys.bytes
            for _ in 0..<3 { bytes[Int.random(in: 0..<bytes.count, using: &rng)] = UInt8.random(in: 0...255, using: &rng) }
            _ = SealedDataKeys(bytes)?.keyring(of: mesh.identities[0]).seal([1], purpose: "x")
        }
    }
}
