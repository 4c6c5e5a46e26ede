import Foundation
import SwiftProtobuf

extension Message {
    /// The wire form. Proto3 messages without `Any` always have one.
    var wireBytes: [UInt8] { (try? serializedBytes()) ?? [] }

    /// Reads bytes of unknown origin: `nil` for anything that is not such a message.
    init?(untrusted bytes: some Collection<UInt8>) {
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = 10
        guard let message = try? Self(serializedBytes: Array(bytes), options: options) else { return nil }
        self = message
    }
}

extension WireSigned {
    init(body: [UInt8], signature: [UInt8], signer: [UInt8]) {
        self.init()
        self.body = Data(body)
        self.signature = Data(signature)
        self.signer = Data(signer)
    }

    /// Whether it has its three fields and nothing else, and no larger body than that. What is signed is kept and passed on as it came, so
    /// nobody may make it longer: neither its author, inside of what is signed, nor a relay around it.
    func isBare(bodyLimit: Int) -> Bool {
        body.count <= bodyLimit && signature.count == 64 && (signer.count == 16 || signer.count == 32) && unknownFields.data.isEmpty
    }
}
