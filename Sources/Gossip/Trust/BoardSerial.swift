import Foundation

/// What tells this board from a copy of its SD card. Kept and compared as a hash only.
public struct BoardSerial: Sendable, Hashable, CustomStringConvertible {
    /// BLAKE2b-128 of the serial number.
    let hash: [UInt8]
    /// The board's model, where the machine tells it, for people.
    public let model: String

    /// For tests and for boards with a number of their own.
    public init(_ serial: String, model: String = "") {
        hash = blake2b(Array("meshcam-board-1".utf8) + Array(serial.utf8), length: 16)
        self.model = model
    }

    /// The device tree's serial number (a Raspberry Pi), else the machine id, else the host name.
    public static func current() -> BoardSerial {
        let model = text("/proc/device-tree/model") ?? text("/sys/class/dmi/id/product_name") ?? ""
        if let serial = text("/proc/device-tree/serial-number") { return BoardSerial("serial:\(serial)", model: model) }
        if let machine = text("/etc/machine-id") ?? text("/var/lib/dbus/machine-id") { return BoardSerial("machine:\(machine)", model: model) }
        return BoardSerial("host:\(ProcessInfo.processInfo.hostName)", model: model)
    }

    public var description: String { hash.hexDigits }

    private static func text(_ path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path), data.count <= 4096 else { return nil }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines.union(.controlCharacters))
        return text.isEmpty || text == "uninitialized" ? nil : text
    }
}
