/// What the detector says of one picture.
struct MotionReading: Sendable, Hashable {
    var isActive = false
    /// Share of the picture that differs from the empty scene, 0…1.
    var level = 0.0
    /// Set when motion begins, every second while it lasts, and when it ends.
    var event: MotionEvent?
}

/// Finds what comes into a scene and leaves it again, on brightness alone: an adaptive background with a flicker estimate per cell, the
/// light of the whole scene taken out, connected areas of a minimum size, seen for a minimum time. A pure value: pictures and their times
/// in, readings out.
///
/// Known limits: what stands still for a minute becomes background, and leaves a ghost for a minute when it goes; a lamp that lights a part
/// of the scene counts as motion; what is darker and brighter by less than `threshold` levels is not seen.
struct MotionDetector: Sendable {
    private let settings: MotionSettings
    private let threshold: Float
    private let minimumShare: Double
    private var grid: LumaGrid?
    private var model: BackgroundModel?
    private var blobs = Blobs()
    private var lastPicture: ContinuousClock.Instant?
    /// Seconds of motion gathered; falls while there is none.
    private var evidence: Float = 0
    /// Seconds for which motion is not believed, after a shock of light.
    private var veto: Float = 0
    private var isActive = false
    private var lastHit: ContinuousClock.Instant?
    private var lastEvent: ContinuousClock.Instant?
    private var region = MotionRegion(x: 0, y: 0, width: 0, height: 0)

    /// So much evidence begins motion, seconds: 3 of 4 pictures at 10 a second.
    private static let evidenceToBegin: Float = 0.3
    private static let maximumEvidence: Float = 0.6
    /// So long nothing must be seen before motion ends.
    private static let hold = Duration.milliseconds(800)
    private static let shockVeto: Float = 0.3

    init(settings: MotionSettings) {
        self.settings = settings
        let sensitivity = min(max(settings.sensitivity, 0), 1)
        // 0.5 gives 4 levels and 0.4 % of the picture; each end is a factor of 4 away in area and 2 in contrast.
        threshold = 4 * Self.powerOfTwo(2 * (0.5 - sensitivity))
        minimumShare = 0.004 * Double(Self.powerOfTwo(4 * (0.5 - sensitivity)))
    }

    /// 2^x for -2…2, by squaring a short series of 2^(x/4): this folder uses no C library.
    private static func powerOfTwo(_ x: Double) -> Float {
        let y = x / 4 * 0.693_147_18
        let root = 1 + y * (1 + y / 2 * (1 + y / 3 * (1 + y / 4)))
        return Float(root * root * root * root)
    }

    /// Looks at the next picture.
    mutating func look(at plane: LumaPlane, captured: ContinuousClock.Instant) -> MotionReading {
        guard settings.isEnabled, plane.width >= 16, plane.height >= 16 else { return MotionReading() }
        if grid?.fits(plane) != true { grid = nil }
        var present = grid ?? LumaGrid(width: plane.width, height: plane.height)
        present.fill(from: plane)
        grid = present
        let step = lastPicture.map { captured - $0 } ?? .zero
        lastPicture = captured
        guard var model, model.fits(present), step > .zero, step < .seconds(2) else {
            // The first picture, another size, or a gap: learn anew.
            self.model = BackgroundModel(first: present, threshold: threshold)
            evidence = 0
            return ended(at: captured)
        }
        let seconds = Float(step.components.attoseconds) * 1e-18 + Float(step.components.seconds)
        // Move out and back in, so that the arrays are not copied.
        self.model = nil
        model.compare(present)
        let found =
            blobs.find(
                in: model.foregroundIsPlausible ? model.foreground : [], columns: present.columns, rows: present.rows,
                minimumCells: max(2, Int((minimumShare * Double(present.values.count)).rounded(.up))))
        let shocked = model.light.isShock || model.share > BackgroundModel.massChange
        let isLearning = model.isLearning
        model.learn(present, seconds: seconds, objects: blobs.members)
        self.model = model
        return decide(found, shocked: shocked, isLearning: isLearning, grid: present, seconds: seconds, captured: captured)
    }

    private mutating func decide(
        _ found: [Blobs.Blob], shocked: Bool, isLearning: Bool, grid: LumaGrid, seconds: Float, captured: ContinuousClock.Instant
    ) -> MotionReading {
        if shocked { veto = Self.shockVeto }
        let isHit = !found.isEmpty && veto <= 0 && !isLearning
        veto = max(0, veto - seconds)
        let level = Double(found.reduce(0) { $0 + $1.cells }) / Double(max(1, grid.values.count))
        evidence = isHit ? min(Self.maximumEvidence, evidence + seconds) : max(0, evidence - seconds)
        if isHit {
            lastHit = captured
            region = Self.region(of: found, in: grid)
        }
        var reading = MotionReading(isActive: isActive, level: isHit ? level : 0)
        if !isActive, evidence >= Self.evidenceToBegin - 0.001 {
            isActive = true
            reading.isActive = true
            reading.event = event(.began, at: captured, level: level)
        } else if isActive, let lastHit, captured - lastHit > Self.hold {
            return ended(at: lastHit)
        } else if isActive, let lastEvent, captured - lastEvent >= .seconds(1) {
            reading.event = event(.continues, at: captured, level: level)
        }
        return reading
    }

    private mutating func event(_ phase: MotionEvent.Phase, at instant: ContinuousClock.Instant, level: Double) -> MotionEvent {
        lastEvent = instant
        return MotionEvent(phase: phase, at: instant, level: level, region: region)
    }

    /// Motion is over; it ended with the last picture that showed any.
    private mutating func ended(at instant: ContinuousClock.Instant) -> MotionReading {
        evidence = 0
        lastHit = nil
        guard isActive else { return MotionReading() }
        isActive = false
        return MotionReading(isActive: false, level: 0, event: event(.ended, at: instant, level: 0))
    }

    private static func region(of blobs: [Blobs.Blob], in grid: LumaGrid) -> MotionRegion {
        let left = blobs.map(\.minimumColumn).min() ?? 0
        let right = blobs.map(\.maximumColumn).max() ?? 0
        let top = blobs.map(\.minimumRow).min() ?? 0
        let bottom = blobs.map(\.maximumRow).max() ?? 0
        let (columns, rows) = (Double(grid.columns), Double(grid.rows))
        return MotionRegion(
            x: Double(left) / columns, y: Double(top) / rows, width: Double(right - left + 1) / columns,
            height: Double(bottom - top + 1) / rows)
    }
}

extension BackgroundModel {
    /// Whether the model was made for grids of this shape.
    func fits(_ grid: LumaGrid) -> Bool { foreground.count == grid.values.count }

    /// Whether what differs can be an object: not when half the scene does.
    var foregroundIsPlausible: Bool { share <= Self.massChange }
}
