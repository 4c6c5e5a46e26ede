/// Numbers of bytes as people write and read them.
enum ByteCount {
    private static let units: [(name: String, shift: Int)] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)]

    /// Exact in the largest unit that divides it, e.g. `256 MiB`, `1000 bytes`. For settings.
    static func text(_ bytes: Int) -> String {
        for unit in units where bytes != 0 && bytes.isMultiple(of: 1 << unit.shift) {
            return "\(bytes >> unit.shift) \(unit.name)"
        }
        return "\(bytes) bytes"
    }

    /// Rounded to about three digits, e.g. `12.3 MiB`. For tables.
    static func rounded(_ bytes: Int64) -> String {
        guard bytes >= 1000 else { return "\(bytes) B" }
        for unit in units.reversed() {
            let value = Double(bytes) / Double(Int64(1) << Int64(unit.shift))
            guard value < 999.5 || unit.shift == 40 else { continue }
            return value < 99.95 ? "\((value * 10).rounded() / 10) \(unit.name)" : "\(Int64(value.rounded())) \(unit.name)"
        }
        return "\(bytes) B"
    }

    /// Bytes of a text such as `256MiB`, `256 MB` (10⁶), `1 GiB` or `1000`; nil when it is none.
    static func parse(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits) else { return nil }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
        let factor: Int
        switch unit {
        case "", "b", "byte", "bytes": factor = 1
        case "kb": factor = 1000
        case "mb": factor = 1_000_000
        case "gb": factor = 1_000_000_000
        case "tb": factor = 1_000_000_000_000
        case "k", "kib": factor = 1 << 10
        case "m", "mib": factor = 1 << 20
        case "g", "gib": factor = 1 << 30
        case "t", "tib": factor = 1 << 40
        default: return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }
}
