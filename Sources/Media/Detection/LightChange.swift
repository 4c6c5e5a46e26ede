/// How the light of the whole scene changed since the background was learnt: brightness = gain × background + offset.
struct LightChange: Sendable, Hashable {
    var gain: Float = 1
    var offset: Float = 0

    static let unchanged = LightChange()

    /// Estimates the change from cells that show the background. Robust by medians: of the cells darker than the middle and of those brighter,
    /// each group's median difference gives one point of the line, so that half of a group may be covered by something else.
    /// Differences below one level are taken as none, or the error of each estimate would add up in what is not relearnt.
    /// - Parameter isHidden: Cells to leave out because something stands before the background; used unless too few remain.
    static func estimate(background: [Float], present: [Float], isHidden: [Bool]) -> LightChange {
        // Every third cell is plenty for a median; three divides no usual width, so the sample is no set of columns.
        let sample = stride(from: 0, to: background.count, by: 3)
        var visible = 0
        var total = 0
        for index in sample {
            total += 1
            if !isHidden[index] { visible += 1 }
        }
        let usesAll = visible * 10 < total * 3
        var levels = Histogram()
        for index in sample where usesAll || !isHidden[index] { levels.add(background[index]) }
        guard let middle = levels.median else { return .unchanged }
        var dark = Group()
        var bright = Group()
        for index in sample where usesAll || !isHidden[index] {
            if background[index] <= middle {
                dark.add(background: background[index], present: present[index])
            } else {
                bright.add(background: background[index], present: present[index])
            }
        }
        guard let low = dark.point else { return .unchanged }
        var change = LightChange(gain: 1, offset: low.difference)
        if let high = bright.point, high.level - low.level > 15 {
            let slope = (high.level + high.difference - low.level - low.difference) / (high.level - low.level)
            change.gain = min(max(slope, 0.3), 3)
            change.offset = low.level + low.difference - change.gain * low.level
        }
        return change.isNegligible ? .unchanged : change
    }

    private var isNegligible: Bool {
        abs(apply(40) - 40) < 1 && abs(apply(180) - 180) < 2
    }

    func apply(_ level: Float) -> Float { gain * level + offset }

    /// Whether the light changed so much within one picture that what looks like motion may be its doing: a lamp, the sun.
    var isShock: Bool {
        gain < 0.78 || gain > 1.28 || abs(offset) > 15
    }

    private struct Group {
        var levels = Histogram()
        var differences = Histogram()

        mutating func add(background: Float, present: Float) {
            levels.add(background)
            differences.add((present - background) * 0.5 + 128)
        }

        var point: (level: Float, difference: Float)? {
            guard let level = levels.median, let difference = differences.median else { return nil }
            return (level, (difference - 128) * 2)
        }
    }

    /// Counts of levels 0…255 in quarter steps, for medians in one pass.
    private struct Histogram {
        private var counts = [Int32](repeating: 0, count: 1024)
        private var total: Int32 = 0

        mutating func add(_ value: Float) {
            counts[Int(min(max(value, 0), 255.75) * 4)] += 1
            total += 1
        }

        var median: Float? {
            guard total > 0 else { return nil }
            var rest = (total + 1) / 2
            for (bin, count) in counts.enumerated() {
                rest -= count
                if rest <= 0 { return (Float(bin) + 0.5) / 4 }
            }
            return nil
        }
    }
}
